import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Settings } from "../../../config/settings.ts";
import { LogLines } from "../../../testing/log_lines.ts";
import { soon, turn } from "../calls/call_rig.ts";
import { channel, playback } from "../calls/pbx_rig.ts";
import { SwitchboardRig } from "./switchboard_rig.ts";

/** A switchboard with one line, whose PBX has the notices, and the ids of what it plays. */
async function oneLine(
  run: (rig: SwitchboardRig, heard: () => Promise<void>) => Promise<void>,
  changes: Partial<Settings> = {},
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "waiting-room-"));
  try {
    await mkdir(join(folder, "prompts"));
    for (const sound of ["busy-wait", "busy-handover", "last-resort"]) {
      await writeFile(join(folder, "prompts", `voxbot-${sound}-en.wav`), "RIFF");
    }
    await using rig = new SwitchboardRig({
      MAX_CALLS: 1,
      ASTERISK_LANG: "en",
      DATA_DIR: folder,
      ...changes,
    });
    const playing: [string, string][] = [];
    const { play } = rig.pbx.commands;
    rig.pbx.commands.play = (channelId, id, ...rest) => {
      playing.push([channelId, id]);
      return play(channelId, id, ...rest);
    };
    // The PBX has played all sounds to their end.
    const heard = async () => {
      await turn();
      for (const [channelId, id] of playing.splice(0)) {
        rig.pbx.tell({ type: "PlaybackFinished", playback: playback(channelId, id) });
      }
    };
    rig.called("caller-1");
    await rig.service.isolates.talking(1);
    await run(rig, heard);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What the PBX was asked to do with a channel, without ids. */
function doneTo(rig: SwitchboardRig, channel: string): string[] {
  return rig.pbx.asked.filter((command) => command.split(" ")[1] === channel)
    .map((command) => command.replace(/ sound:.*voxbot-/, " ").replace(` ${channel}`, ""));
}

Deno.test("a caller for whom there is no line hears the notice, then music, and is answered when one is free", () =>
  oneLine(async (rig, heard) => {
    const { pbx, switchboard, service } = rig;
    pbx.enters("caller-2");
    await soon(() => pbx.count("play caller-2"), "the notice is played");
    assert.equal(switchboard.size, 1);
    assert.equal(
      switchboard.overload,
      "callers wait for a line (1): MAX_CALLS calls are up: raise it if the machine can serve more",
    );
    await heard();
    await soon(() => pbx.count("startMoh caller-2"), "the music begins");
    pbx.hangsUp("caller-1");
    await service.isolates.talking(2);
    await soon(() => pbx.count("stopMoh caller-2"), "the music ends");
    assert.deepEqual(doneTo(rig, "caller-2").slice(0, 3), [
      "answer",
      "play busy-wait-en",
      "startMoh",
    ]);
    assert.deepEqual(switchboard.list().map(({ channelId }) => channelId).sort(), [
      "caller-1",
      "caller-2",
    ]);
    assert.deepEqual(service.counts("callersWaiting"), [[1], [0]]);
    assert.deepEqual(service.counts("callerWaited").map(([outcome]) => outcome), ["served"]);
    assert.deepEqual(service.counts("callRefused"), []);
  }));

Deno.test("a line that is free while the notice is played is not kept waiting for its end", () =>
  oneLine(async ({ pbx, service }) => {
    pbx.enters("caller-2");
    await soon(() => pbx.count("play caller-2"), "the notice is played");
    await turn();
    pbx.hangsUp("caller-1");
    await service.isolates.talking(2);
    assert.equal(pbx.count("stopPlayback"), 1);
    assert.equal(pbx.count("startMoh"), 0);
  }));

Deno.test("callers who wait are answered in turn, and nobody who comes later overtakes them", () =>
  oneLine(async ({ pbx, switchboard, service }) => {
    for (const nth of [2, 3, 4]) pbx.enters(`caller-${nth}`, `+7900000000${nth}`);
    pbx.hangsUp("caller-3");
    pbx.hangsUp("caller-1");
    await service.isolates.talking(2);
    pbx.enters("caller-5", "+79000000005");
    const up = () =>
      switchboard.list().filter(({ endedAt }) => !endedAt).map(({ channelId }) => channelId);
    assert.deepEqual(up(), ["caller-2"]);
    pbx.hangsUp("caller-2");
    await service.isolates.talking(3);
    assert.deepEqual(up(), ["caller-4"]);
    pbx.hangsUp("caller-4");
    await service.isolates.talking(4);
    assert.deepEqual(up(), ["caller-5"]);
    assert.deepEqual(service.counts("callerWaited").map(([outcome]) => outcome), [
      "gone",
      "served",
      "served",
      "served",
    ]);
  }));

Deno.test("a caller who waits hears the notice again every 20 s, also where the PBX has no music", () =>
  oneLine(async (rig, heard) => {
    const { pbx } = rig;
    pbx.enters("caller-2");
    for (const times of [1, 2, 3]) {
      await soon(() => pbx.count("play caller-2") === times, "the notice is played");
      await heard();
      await soon(() => pbx.count("startMoh caller-2") === times, "the music begins");
      await turn();
      rig.passes(20);
    }
  }));

Deno.test("nobody waits longer than OVERLOAD_WAIT_SECONDS: the caller is told so and goes to the operators", () =>
  oneLine(async (rig, heard) => {
    using log = new LogLines();
    const { pbx, service } = rig;
    pbx.enters("caller-2");
    await soon(() => pbx.count("play caller-2"), "the notice is played");
    await heard();
    await soon(() => pbx.count("startMoh caller-2"), "the music begins");
    rig.passes(59);
    await turn();
    assert.equal(pbx.count("stopMoh"), 0);
    rig.passes(1);
    await soon(() => pbx.asked.some((asked) => asked.includes("busy-handover")), "they are told");
    await heard();
    await soon(() => pbx.count("continueInDialplan caller-2 operator"), "the operators have them");
    assert.ok(
      pbx.asked.indexOf("stopMoh caller-2") <
        pbx.asked.indexOf("continueInDialplan caller-2 operator s"),
      "music would play on in the dialplan",
    );
    assert.deepEqual(service.counts("callerWaited").map(([outcome]) => outcome), ["sent_away"]);
    assert.deepEqual(service.counts("callRefused"), [["full"]]);
    assert.match(log.all.join("\n"), /callers wait for a line.*MAX_CALLS/);
    assert.match(log.all.join("\n"), /no caller waits/);
  }));

Deno.test("no more than OVERLOAD_MAX_WAITING wait: further callers are told and go to the operators", () =>
  oneLine(async ({ pbx, service }, heard) => {
    for (const nth of [2, 3]) pbx.enters(`caller-${nth}`);
    await soon(() => pbx.count("play caller-3"), "the notice is played");
    assert.match(pbx.asked.find((asked) => asked.startsWith("play caller-3"))!, /busy-handover/);
    await heard();
    await soon(() => pbx.count("continueInDialplan caller-3 operator"), "the operators have them");
    assert.deepEqual(service.counts("callRefused"), [["full"]]);
  }, { OVERLOAD_MAX_WAITING: 1 }));

Deno.test("with OVERLOAD=fallback a caller too many is told, and goes to the operators", () =>
  oneLine(async (rig, heard) => {
    const { pbx, switchboard } = rig;
    pbx.enters("caller-2");
    await soon(() => pbx.count("play caller-2"), "the notice is played");
    assert.equal(pbx.count("continueInDialplan"), 0, "not before they have heard it");
    await heard();
    await soon(() => pbx.count("continueInDialplan caller-2"), "the operators have them");
    assert.deepEqual(doneTo(rig, "caller-2"), [
      "answer",
      "play busy-handover-en",
      "continueInDialplan operator s",
    ]);
    assert.match(switchboard.overload!, /^new callers go to ARI_FALLBACK_CONTEXT: MAX_CALLS/);
  }, { OVERLOAD: "fallback" }));

Deno.test("with OVERLOAD=busy a caller too many hears a busy line, and is not answered", () =>
  oneLine(async (rig) => {
    rig.pbx.enters("caller-2");
    await soon(() => rig.pbx.count("hangUp caller-2 busy"), "the line is busy");
    assert.deepEqual(doneTo(rig, "caller-2"), ["hangUp busy"]);
    assert.match(rig.switchboard.overload!, /^new callers hear a busy line/);
  }, { OVERLOAD: "busy" }));

Deno.test("a service that drains sends those who wait to the operators at once", () =>
  oneLine(async ({ pbx, switchboard }) => {
    pbx.enters("caller-2");
    await soon(() => pbx.count("play caller-2"), "the notice is played");
    switchboard.close();
    await soon(() => pbx.count("continueInDialplan caller-2 operator"), "the operators have them");
  }));

Deno.test("callers who wait when nobody can speak any more hear the apology and go to the operators", () =>
  oneLine(async ({ pbx, switchboard }, heard) => {
    pbx.enters("caller-2");
    await soon(() => pbx.count("play caller-2"), "the notice is played");
    switchboard.speechless(true);
    await soon(
      () => pbx.asked.some((asked) => /play caller-2.*last-resort/.test(asked)),
      "the apology is played",
    );
    await heard();
    await soon(() => pbx.count("continueInDialplan caller-2 operator"), "the operators have them");
  }));

Deno.test("a service that stands down leaves those who wait as they are", () =>
  oneLine(async ({ pbx, switchboard }, heard) => {
    pbx.enters("caller-2");
    await soon(() => pbx.count("play caller-2"), "the notice is played");
    await heard();
    await soon(() => pbx.count("startMoh caller-2"), "the music begins");
    const before = pbx.asked.length;
    pbx.tell({ type: "ApplicationReplaced" });
    await turn();
    pbx.hangsUp("caller-1");
    await turn();
    assert.deepEqual(pbx.asked.slice(before).filter((asked) => asked.includes("caller-2")), []);
    assert.equal(switchboard.overload?.includes("wait for a line") ?? false, false);
  }));

Deno.test("one who hung up unnoticed is not waited for, and one who waits stays, when the PBX is asked", () =>
  oneLine(async (rig) => {
    const { pbx, service } = rig;
    for (const nth of [2, 3]) pbx.enters(`caller-${nth}`);
    await soon(() => pbx.count("play caller-3"), "the notices are played");
    pbx.channels.delete("caller-2");
    await rig.reconcile();
    assert.deepEqual(service.counts("callersWaiting"), [[1], [2], [1]]);
    assert.deepEqual(service.counts("callerWaited").map(([outcome]) => outcome), ["gone"]);
    pbx.hangsUp("caller-1");
    await service.isolates.talking(2);
  }));

Deno.test("a caller who waited when the service ended is a new caller to the next one, without the music", async () => {
  await using rig = new SwitchboardRig();
  rig.pbx.channels.set("caller-1", { channel: channel("caller-1"), inApp: true });
  await rig.reconcile();
  await rig.service.isolates.talking(1);
  assert.equal(rig.pbx.count("stopMoh caller-1"), 1);
});

Deno.test("one caller cannot take all the places of those who wait", () =>
  oneLine(async ({ pbx, service }) => {
    for (const nth of [2, 3, 4]) pbx.enters(`caller-${nth}`, "+79000000001");
    await soon(() => pbx.count("continueInDialplan caller-4"), "the third is refused");
    assert.deepEqual(service.counts("callRefused"), [["same_caller"]]);
    assert.deepEqual(service.counts("callersWaiting"), [[1], [2]]);
  }, { MAX_CALLS_PER_CALLER: 2 }));

Deno.test("a caller who would hear nothing for 2 s is told to wait instead", () =>
  oneLine(async ({ pbx, service, switchboard }) => {
    service.isolates.startMs = 1500;
    for (const nth of [2, 3]) pbx.enters(`caller-${nth}`);
    assert.equal(switchboard.size, 2);
    await soon(() => pbx.count("play caller-3"), "the notice is played");
    await service.isolates.talking(2);
    service.isolates.startMs = 0;
    pbx.hangsUp("caller-1");
    await service.isolates.talking(3);
  }, { MAX_CALLS: 10 }));

Deno.test("callers whom the machine cannot serve well wait until it can, by themselves", () =>
  oneLine(async (rig) => {
    const { pbx, service, switchboard } = rig;
    rig.ranOut = "cpu";
    pbx.enters("caller-2");
    await soon(() => pbx.count("play caller-2"), "the notice is played");
    assert.match(switchboard.overload!, /callers wait for a line \(1\): the processor/);
    rig.passes(1);
    assert.equal(switchboard.size, 1);
    rig.ranOut = undefined;
    pbx.enters("caller-3");
    assert.equal(switchboard.size, 1, "nobody overtakes the one who waits");
    rig.passes(1);
    for (const nth of [2, 3]) await service.isolates.talking(nth);
    assert.equal(switchboard.overload, undefined);
  }, { MAX_CALLS: 10 }));
