import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LogLines } from "../../../testing/log_lines.ts";
import { soon, turn } from "../calls/call_rig.ts";
import { playback } from "../calls/pbx_rig.ts";
import { SwitchboardRig } from "./switchboard_rig.ts";

Deno.test("a caller is taken: the console lists the call, its number masked, until after its end", async () => {
  await using rig = new SwitchboardRig();
  const { switchboard, pbx, service } = rig;
  const record = rig.called("caller-1");
  assert.match(record.caller, /^\D*21$/);
  assert.doesNotMatch(record.id, /\d/, "the log would mask it");
  await service.isolates.talking(1);
  assert.equal(switchboard.get(record.id), record);
  assert.equal(switchboard.size, 1);
  pbx.hangsUp("caller-1");
  await soon(() => switchboard.size === 0, "the call is over");
  assert.deepEqual(switchboard.list(), [record]);
  assert.equal(switchboard.get(record.id), record);
  assert.equal(record.endReason, "hangup");
  assert.deepEqual(service.counts("callEnded").map(([reason]) => reason), ["hangup"]);
  assert.deepEqual(service.counts("liveCalls"), [[1], [0]]);
  assert.equal(rig.route.tidied, 1, "the last call's files are swept");
});

Deno.test("of several calls each gets its own events, of its caller and of its media", async () => {
  await using rig = new SwitchboardRig({ MASK_CARDS: false });
  const [one, other] = [rig.called("caller-1"), rig.called("caller-2")];
  for (const nth of [1, 2]) await rig.service.isolates.talking(nth);
  rig.pbx.keyPressed("caller-1", "1");
  rig.pbx.keyPressed("caller-2", "2");
  rig.pbx.keyPressed("nobody's", "3");
  assert.deepEqual([one.keys, other.keys], ["1", "2"]);
  rig.pbx.hangsUp("caller-1");
  await soon(() => one.endedAt, "the first is over");
  assert.equal(other.endedAt, undefined);
});

Deno.test("a media channel that hangs up ends no call", async () => {
  await using rig = new SwitchboardRig();
  const record = rig.called("caller-1");
  await rig.service.isolates.talking(1);
  const media = [...rig.pbx.channels.keys()].find((id) => id.startsWith(`voxbot-${record.id}`));
  rig.pbx.hangsUp(media!);
  await turn();
  assert.equal(record.endedAt, undefined);
  assert.equal(rig.switchboard.size, 1);
});

Deno.test("a channel that is announced twice is one call", async () => {
  await using rig = new SwitchboardRig();
  rig.called("caller-1");
  rig.pbx.enters("caller-1");
  assert.equal(rig.switchboard.size, 1);
  assert.equal(rig.switchboard.list().length, 1);
});

Deno.test("a caller whom the dialplan sends back to the bot is answered again, as a new call", async () => {
  await using rig = new SwitchboardRig();
  const first = rig.called("caller-1");
  const isolate = await rig.service.isolates.talking(1);
  rig.switchboard.speechless(true);
  isolate.tells({ kind: "said" });
  await soon(() => rig.switchboard.size === 0, "the first call is over");
  rig.switchboard.speechless(false);
  rig.pbx.enters("caller-1");
  await rig.service.isolates.talking(2);
  assert.equal(rig.switchboard.list().length, 2);
  assert.equal(first.endReason, "handover");
});

Deno.test("a recording is offered once it exists, and only of calls that are known", async () => {
  const folder = await mkdtemp(join(tmpdir(), "switchboard-"));
  try {
    await using rig = new SwitchboardRig({ DATA_DIR: folder });
    const { id } = rig.called("caller-1");
    await mkdir(join(folder, "recordings"));
    await writeFile(join(folder, "recordings", "unknown.wav"), "");
    assert.equal(rig.switchboard.recordingPath(id), undefined);
    assert.equal(rig.switchboard.recordingPath("unknown"), undefined);
    const path = join(folder, "recordings", `${id}.wav`);
    await writeFile(path, "");
    assert.equal(rig.switchboard.recordingPath(id), path);
  } finally {
    await rm(folder, { recursive: true });
  }
});

Deno.test("a call of an earlier run is listed as it was, and adopted once the PBX has it", async () => {
  await using rig = new SwitchboardRig();
  rig.leftBehind("old", "caller-1");
  rig.pbx.enters("caller-1");
  const { switchboard } = rig;
  assert.equal(switchboard.unresolved, 1);
  assert.deepEqual(switchboard.list().map(({ id }) => id), ["old"]);
  await rig.reconcile();
  assert.equal(switchboard.unresolved, 0);
  assert.equal(switchboard.size, 1);
  const isolate = await rig.service.isolates.talking(1);
  await switchboard.resumed;
  assert.equal(isolate.last("assign")!.assignment.resumed, true);
  assert.deepEqual(switchboard.get("old")!.restarts.map(({ reason }) => reason), ["shutdown"]);
});

Deno.test("a call of an earlier run that the PBX no longer has is closed as lost, for the next run too", async () => {
  await using rig = new SwitchboardRig();
  rig.leftBehind("old", "caller-1");
  await rig.reconcile();
  await rig.switchboard.resumed;
  assert.equal(rig.switchboard.get("old")!.endReason, "lost");
  assert.equal(rig.switchboard.size, 0);
  assert.deepEqual(rig.service.journalled().live, []);
});

Deno.test("a caller of an earlier run who was sent into the dialplan meanwhile is left there", async () => {
  await using rig = new SwitchboardRig();
  rig.leftBehind("old", "caller-1");
  rig.pbx.enters("caller-1");
  await rig.pbx.commands.continueInDialplan("caller-1", {
    context: "operator",
    extension: "s",
    priority: 1,
  });
  await rig.reconcile();
  assert.equal(rig.switchboard.get("old")!.endReason, "lost");
  assert.equal(rig.service.isolates.taken.length, 0);
});

Deno.test("a call whose end was missed while ARI was away is closed as lost", async () => {
  await using rig = new SwitchboardRig();
  const [gone, there] = [rig.called("caller-1"), rig.called("caller-2")];
  for (const nth of [1, 2]) await rig.service.isolates.talking(nth);
  rig.pbx.channels.delete("caller-1");
  await rig.reconcile();
  await soon(() => rig.switchboard.size === 1, "the lost call is closed");
  assert.equal(gone.endReason, "lost");
  assert.equal(there.endedAt, undefined);
});

Deno.test("a caller whose arrival was missed while ARI was away is answered", async () => {
  await using rig = new SwitchboardRig();
  const { switchboard } = rig;
  rig.pbx.onEvent = () => {};
  rig.pbx.enters("caller-1");
  rig.pbx.onEvent = (event) => switchboard.onEvent(event);
  await rig.reconcile();
  await rig.service.isolates.talking(1);
  assert.equal(switchboard.size, 1);
});

Deno.test("a call that begins while the PBX is being asked is not taken for lost", async () => {
  await using rig = new SwitchboardRig();
  const { switchboard, pbx } = rig;
  const release = pbx.holds("bridges");
  const reconciled = rig.reconcile();
  await turn();
  const record = rig.called("caller-1");
  release();
  await reconciled;
  assert.equal(record.endedAt, undefined);
  assert.equal(switchboard.size, 1);
});

Deno.test("a caller who left while the PBX was being asked is not taken for a new one", async () => {
  await using rig = new SwitchboardRig();
  const { switchboard, pbx } = rig;
  rig.called("caller-1");
  await rig.service.isolates.talking(1);
  const release = pbx.holds("bridges");
  const reconciled = rig.reconcile();
  await turn();
  pbx.hangsUp("caller-1");
  await soon(() => switchboard.size === 0, "the call is over");
  release();
  await reconciled;
  assert.equal(switchboard.size, 0);
  assert.equal(switchboard.list().length, 1);
});

Deno.test("media and bridges that belong to no call are removed; those of calls, and what is not ours, stay", async () => {
  await using rig = new SwitchboardRig();
  const { pbx } = rig;
  const { id } = rig.called("caller-1");
  await rig.service.isolates.talking(1);
  const kept = [...pbx.channels.keys()];
  pbx.onEvent = () => {};
  pbx.enters("voxbot-deadbeefdead-12345678");
  pbx.bridges.add("voxbot-deadbeefdead").add("meeting");
  await rig.reconcile();
  await soon(() => !pbx.channels.has("voxbot-deadbeefdead-12345678"), "the stray media are gone");
  assert.deepEqual([...pbx.channels.keys()], kept);
  assert.deepEqual([...pbx.bridges], [`voxbot-${id}`, "meeting"]);
  assert.equal(rig.route.sweptRecordings, 1, "callers' audio of dead calls is swept, too");
});

Deno.test("the callers of a PBX whose systemname is voxbot are answered, and are nobody's stray media", async () => {
  await using rig = new SwitchboardRig();
  const caller = "voxbot-1795641870.17";
  rig.called(caller);
  await rig.service.isolates.talking(1);
  rig.pbx.onEvent = () => {};
  rig.pbx.bridges.add("voxbot-1795641870.20");
  await rig.reconcile();
  assert.ok(rig.pbx.channels.has(caller));
  assert.ok(rig.pbx.bridges.has("voxbot-1795641870.20"));
  assert.equal(rig.switchboard.size, 1);
});

Deno.test("media of a dead isolate that the PBX did not hang up are removed later", async () => {
  using _log = new LogLines();
  await using rig = new SwitchboardRig();
  const { id } = rig.called("caller-1");
  const isolate = await rig.service.isolates.talking(1);
  const isMedia = (channel: string) => channel.startsWith(`voxbot-${id}`);
  const [stray] = [...rig.pbx.channels.keys()].filter(isMedia);
  rig.pbx.fails("hangUp", "unexpected");
  isolate.dies("crash");
  await rig.service.isolates.talking(2);
  assert.ok(rig.pbx.channels.has(stray!));
  await rig.reconcile();
  await soon(() => !rig.pbx.channels.has(stray!), "the stray media are gone");
  assert.equal([...rig.pbx.channels.keys()].filter(isMedia).length, 1);
});

Deno.test("a service whose application another client takes stands down: it touches nothing and takes nothing", async () => {
  using log = new LogLines();
  await using rig = new SwitchboardRig();
  const { switchboard, pbx } = rig;
  const record = rig.called("caller-1");
  await rig.service.isolates.talking(1);
  await turn();
  const before = [...pbx.asked];
  pbx.tell({ type: "ApplicationReplaced" });
  await soon(() => switchboard.size === 0, "it lets go of its call");
  pbx.enters("caller-2");
  await rig.reconcile();
  assert.deepEqual(pbx.asked, before);
  assert.equal(record.endReason, undefined);
  assert.equal(rig.service.journalled().live.length, 1);
  assert.ok(switchboard.replacedAt! <= Date.now());
  assert.deepEqual(rig.service.counts("callEnded").map(([reason]) => reason), ["stood_down"]);
  assert.match(log.errors.join(), /standing down for good.*stop the other client/);
});

Deno.test("a service that stands down while it reconciles adopts nobody", async () => {
  using _log = new LogLines();
  await using rig = new SwitchboardRig();
  rig.leftBehind("old", "caller-1");
  rig.pbx.enters("caller-1");
  const { switchboard, pbx } = rig;
  const release = pbx.holds("bridges");
  const reconciled = rig.reconcile();
  await turn();
  pbx.tell({ type: "ApplicationReplaced" });
  release();
  await reconciled;
  assert.equal(switchboard.size, 0);
  assert.equal(switchboard.unresolved, 1);
});

Deno.test("a service that ends lets running calls finish, and hands over those that do not in time", async () => {
  await using rig = new SwitchboardRig();
  const { switchboard, pbx } = rig;
  rig.called("caller-1");
  const isolate = await rig.service.isolates.talking(1);
  let drained = false;
  const draining = switchboard.drain(60_000).then(() => drained = true);
  assert.equal(switchboard.draining, true);
  rig.passes(59);
  await turn();
  assert.equal(isolate.last("say_last"), undefined);
  rig.passes(1);
  await soon(() => isolate.last("say_last"), "the caller is told");
  assert.equal(drained, false);
  isolate.tells({ kind: "said" });
  await draining;
  assert.equal(pbx.count("continueInDialplan caller-1 operator"), 1);
});

Deno.test("a service whose calls have all ended drains without waiting", async () => {
  await using rig = new SwitchboardRig();
  rig.called("caller-1");
  await rig.service.isolates.talking(1);
  const draining = rig.switchboard.drain(3_600_000);
  rig.pbx.hangsUp("caller-1");
  await draining;
  assert.equal(rig.switchboard.size, 0);
});

Deno.test("when nobody can speak any more, calls are handed over with last words rendered beforehand", async () => {
  await using rig = new SwitchboardRig();
  rig.called("caller-1");
  const isolate = await rig.service.isolates.talking(1);
  rig.switchboard.speechless(true);
  assert.deepEqual(isolate.last("say_last"), { kind: "say_last", prompt: "last_resort" });
});

Deno.test("a caller who comes when nobody can speak hears the PBX's apology to its end, then goes to the operator", async () => {
  const folder = await mkdtemp(join(tmpdir(), "switchboard-"));
  try {
    await mkdir(join(folder, "prompts"));
    await writeFile(join(folder, "prompts", "voxbot-last-resort-en.wav"), "RIFF");
    await using rig = new SwitchboardRig({ DATA_DIR: folder, ASTERISK_LANG: "en" });
    const { switchboard, pbx } = rig;
    switchboard.speechless(true);
    let playing = "";
    const { play } = pbx.commands;
    pbx.commands.play = (channelId, id, ...rest) => {
      playing = id;
      return play(channelId, id, ...rest);
    };
    pbx.enters("caller-1");
    await soon(() => playing, "the apology is played");
    pbx.enters("caller-1");
    await turn();
    assert.equal(pbx.count("continueInDialplan"), 0);
    pbx.tell({ type: "PlaybackFinished", playback: playback("caller-1", playing) });
    await soon(() => pbx.count("continueInDialplan caller-1 operator") === 1, "the operator");
    assert.equal(pbx.count("play"), 1, "a channel that is announced twice is refused once");
    assert.equal(pbx.count("answer"), 0);
  } finally {
    await rm(folder, { recursive: true });
  }
});

Deno.test("an injected fault strikes the call that it is meant for, and only a live one", async () => {
  await using rig = new SwitchboardRig();
  const { switchboard } = rig;
  const { id } = rig.called("caller-1");
  rig.called("caller-2");
  for (const nth of [1, 2]) await rig.service.isolates.talking(nth);
  assert.equal(await switchboard.injectFault("unknown", "throw"), undefined);
  assert.equal(await switchboard.injectFault(id, "throw"), 0);
  await rig.service.isolates.talking(3);
  assert.deepEqual(switchboard.list().map(({ restarts }) => restarts.length).sort(), [0, 1]);
});
