import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock } from "node:test";
import { settingsWith } from "../../../config/read_settings.ts";
import { LogLines } from "../../../testing/log_lines.ts";
import { soon, turn } from "../calls/call_rig.ts";
import { FakePbx, playback } from "../calls/pbx_rig.ts";
import { LastResort } from "./last_resort.ts";

const CALLER = "caller-1";
const { signal } = new AbortController();

/** A PBX on which the apology can be played from a folder of the test's own. */
async function withApology(
  run: (given: { pbx: FakePbx; lastResort: LastResort; folder: string }) => Promise<void>,
  { rendered = true, inSoundsFolder = false } = {},
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "last-resort-"));
  await mkdir(join(folder, "prompts"));
  if (rendered) {
    const sounds = inSoundsFolder ? folder : join(folder, "prompts");
    await writeFile(join(sounds, "voxbot-last-resort-en.wav"), "RIFF");
  }
  const pbx = new FakePbx();
  pbx.enters(CALLER);
  const settings = settingsWith({
    ASTERISK_LANG: "en",
    DATA_DIR: folder,
    ASTERISK_SOUNDS_DIR: inSoundsFolder ? folder : "",
  });
  const lastResort = new LastResort({ ari: pbx.gate, settings });
  pbx.onEvent = (event) => lastResort.onEvent(event);
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    await run({ pbx, lastResort, folder });
  } finally {
    mock.timers.reset();
    await rm(folder, { recursive: true });
  }
}

/** Whether a promise has settled. */
function watched(promise: Promise<void>): { readonly over: boolean } {
  const state = { over: false };
  void promise.then(() => state.over = true);
  return state;
}

/** The ids that the PBX is given for its playbacks from now on. */
function playbackIds(pbx: FakePbx): string[] {
  const ids: string[] = [];
  const { play } = pbx.commands;
  pbx.commands.play = (channelId, id, ...rest) => {
    ids.push(id);
    return play(channelId, id, ...rest);
  };
  return ids;
}

Deno.test("the apology is waited for until the PBX has played it, and no other sound ends the wait", () =>
  withApology(async ({ pbx, lastResort, folder }) => {
    const ids = playbackIds(pbx);
    const played = watched(lastResort.play(CALLER, signal));
    await soon(() => ids[0], "it is played");
    assert.deepEqual(pbx.asked, [
      `play ${CALLER} sound:${join(folder, "prompts", "voxbot-last-resort-en")}`,
    ]);
    pbx.tell({ type: "PlaybackFinished", playback: playback(CALLER, "another") });
    await turn();
    assert.equal(played.over, false);
    pbx.tell({ type: "PlaybackFinished", playback: playback(CALLER, ids[0]!) });
    await soon(() => played.over, "the wait ends");
  }));

Deno.test("an apology that ends before the PBX has answered the command is not waited for", () =>
  withApology(async ({ pbx, lastResort }) => {
    const ids = playbackIds(pbx);
    const release = pbx.holds("play");
    const played = watched(lastResort.play(CALLER, signal));
    await soon(() => ids[0], "it is played");
    pbx.tell({ type: "PlaybackFinished", playback: playback(CALLER, ids[0]!) });
    release();
    await soon(() => played.over, "the wait ends");
  }));

Deno.test("in the PBX's own folder of sounds the apology goes by its name", () =>
  withApology(async ({ pbx, lastResort }) => {
    const ids = playbackIds(pbx);
    const played = watched(lastResort.play(CALLER, signal));
    await soon(() => ids[0], "it is played");
    assert.deepEqual(pbx.asked, [`play ${CALLER} sound:voxbot-last-resort-en`]);
    pbx.tell({ type: "PlaybackFinished", playback: playback(CALLER, ids[0]!) });
    await soon(() => played.over, "the wait ends");
  }, { inSoundsFolder: true }));

Deno.test("a caller does not wait for an apology that was never rendered", () =>
  withApology(async ({ pbx, lastResort }) => {
    using log = new LogLines();
    await lastResort.play(CALLER, signal);
    assert.deepEqual(pbx.asked, []);
    assert.match(log.errors[0]!, /no apology was rendered/);
  }, { rendered: false }));

Deno.test("a caller does not wait for an apology that the PBX cannot play", () =>
  withApology(async ({ pbx, lastResort }) => {
    using log = new LogLines();
    pbx.fails("play", "unexpected");
    await lastResort.play(CALLER, signal);
    assert.match(log.errors[0]!, /the apology could not be played/);
  }));

Deno.test("a caller waits at most 8 s for an apology whose end the PBX does not report", () =>
  withApology(async ({ pbx, lastResort }) => {
    const played = watched(lastResort.play(CALLER, signal));
    await soon(() => pbx.count("play") > 0, "it is played");
    await turn();
    mock.timers.tick(7999);
    await turn();
    assert.equal(played.over, false);
    mock.timers.tick(1);
    await soon(() => played.over, "the wait ends");
  }));

Deno.test("a caller who hangs up amid the apology is not waited for", () =>
  withApology(async ({ pbx, lastResort }) => {
    const over = new AbortController();
    const played = watched(lastResort.play(CALLER, over.signal));
    await soon(() => pbx.count("play") > 0, "it is played");
    over.abort();
    await soon(() => played.over, "the wait ends");
  }));
