import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock } from "node:test";
import { settingsWith } from "../../../config/read_settings.ts";
import { LogLines } from "../../../testing/log_lines.ts";
import { soon, turn } from "../calls/call_rig.ts";
import { FakePbx, playback } from "../calls/pbx_rig.ts";
import { PbxSounds } from "./pbx_sounds.ts";

const CALLER = "caller-1";
const { signal } = new AbortController();

/** A PBX on which the apology can be played from a folder of the test's own. */
async function withApology(
  run: (given: { pbx: FakePbx; sounds: PbxSounds; folder: string }) => Promise<void>,
  { rendered = true, inSoundsFolder = false } = {},
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "last-resort-"));
  await mkdir(join(folder, "prompts"));
  if (rendered) {
    const where = inSoundsFolder ? folder : join(folder, "prompts");
    await writeFile(join(where, "voxbot-last-resort-en.wav"), "RIFF");
  }
  const pbx = new FakePbx();
  pbx.enters(CALLER);
  const settings = settingsWith({
    ASTERISK_LANG: "en",
    DATA_DIR: folder,
    ASTERISK_SOUNDS_DIR: inSoundsFolder ? folder : "",
  });
  const sounds = new PbxSounds({ ari: pbx.gate, settings });
  pbx.onEvent = (event) => sounds.onEvent(event);
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    await run({ pbx, sounds, folder });
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
  withApology(async ({ pbx, sounds, folder }) => {
    const ids = playbackIds(pbx);
    const played = watched(sounds.play("last_resort", CALLER, signal));
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
  withApology(async ({ pbx, sounds }) => {
    const ids = playbackIds(pbx);
    const release = pbx.holds("play");
    const played = watched(sounds.play("last_resort", CALLER, signal));
    await soon(() => ids[0], "it is played");
    pbx.tell({ type: "PlaybackFinished", playback: playback(CALLER, ids[0]!) });
    release();
    await soon(() => played.over, "the wait ends");
  }));

Deno.test("in the PBX's own folder of sounds the apology goes by its name", () =>
  withApology(async ({ pbx, sounds }) => {
    const ids = playbackIds(pbx);
    const played = watched(sounds.play("last_resort", CALLER, signal));
    await soon(() => ids[0], "it is played");
    assert.deepEqual(pbx.asked, [`play ${CALLER} sound:voxbot-last-resort-en`]);
    pbx.tell({ type: "PlaybackFinished", playback: playback(CALLER, ids[0]!) });
    await soon(() => played.over, "the wait ends");
  }, { inSoundsFolder: true }));

Deno.test("a caller does not wait for an apology that was never rendered", () =>
  withApology(async ({ pbx, sounds }) => {
    using log = new LogLines();
    await sounds.play("last_resort", CALLER, signal);
    assert.deepEqual(pbx.asked, []);
    assert.match(log.errors[0]!, /never rendered.*last_resort/);
  }, { rendered: false }));

Deno.test("a caller does not wait for an apology that the PBX cannot play", () =>
  withApology(async ({ pbx, sounds }) => {
    using log = new LogLines();
    pbx.fails("play", "unexpected");
    await sounds.play("last_resort", CALLER, signal);
    assert.match(log.errors[0]!, /the PBX could not play a sound/);
  }));

Deno.test("a caller waits at most 8 s for an apology whose end the PBX does not report", () =>
  withApology(async ({ pbx, sounds }) => {
    const played = watched(sounds.play("last_resort", CALLER, signal));
    await soon(() => pbx.count("play") > 0, "it is played");
    await turn();
    mock.timers.tick(7999);
    await turn();
    assert.equal(played.over, false);
    mock.timers.tick(1);
    await soon(() => played.over, "the wait ends");
  }));

Deno.test("a caller who hangs up amid the apology is not waited for", () =>
  withApology(async ({ pbx, sounds }) => {
    const over = new AbortController();
    const played = watched(sounds.play("last_resort", CALLER, over.signal));
    await soon(() => pbx.count("play") > 0, "it is played");
    over.abort();
    await soon(() => played.over, "the wait ends");
  }));

Deno.test("a sound that is broken off is stopped at the PBX, and nothing else that plays there", () =>
  withApology(async ({ pbx, sounds }) => {
    const ids = playbackIds(pbx);
    pbx.enters("caller-2");
    const played = watched(sounds.play("last_resort", CALLER, signal));
    const other = watched(sounds.play("last_resort", "caller-2", signal));
    await soon(() => ids.length === 2, "both are played");
    await sounds.stop(CALLER);
    await soon(() => played.over, "the wait ends");
    assert.equal(other.over, false);
    assert.equal(pbx.count("stopPlayback"), 1);
    pbx.tell({ type: "PlaybackFinished", playback: playback("caller-2", ids[1]!) });
    await soon(() => other.over, "the other ends by itself");
  }));

Deno.test("a sound that the PBX cannot read is an error line with the fix, a caller who hangs up is none", () =>
  withApology(async ({ pbx, sounds }) => {
    using log = new LogLines();
    const ids = playbackIds(pbx);
    for (const [hangsUp, errors] of [[true, 0], [false, 1]] as const) {
      const over = new AbortController();
      const played = watched(sounds.play("last_resort", CALLER, over.signal));
      await soon(() => ids.length > 0, "it is played");
      await turn();
      const failed = { ...playback(CALLER, ids.pop()!), state: "failed" };
      pbx.tell({ type: "PlaybackFinished", playback: failed });
      await turn();
      if (hangsUp) over.abort();
      mock.timers.tick(500);
      await soon(() => played.over, "the wait ends");
      assert.equal(log.errors.length, errors);
    }
    assert.match(log.errors[0]!, /cannot read a sound.*ASTERISK_SOUNDS_DIR/);
  }));
