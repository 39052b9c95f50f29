import assert from "node:assert/strict";
import { join } from "node:path";
import type { AudioOutput } from "./audio_output.ts";
import { FRAME_SAMPLES, type Pcm } from "./frame.ts";
import { Recorder } from "./recorder.ts";
import { readWav } from "../testing/wav.ts";

/** An output that takes everything. */
const SINK: AudioOutput = {
  bufferedMs: 0,
  send: () => {},
  endOfPhrase: () => {},
  pause: () => {},
  resume: () => {},
  flush: () => Promise.resolve(),
};

function frames(count: number, level: number): Pcm {
  return new Int16Array(count * FRAME_SAMPLES).fill(level);
}

/** Records a script; returns each side's level frame by frame. */
async function recorded(
  script: (line: AudioOutput, caller: (count: number, level?: number) => void) => void,
): Promise<{ caller: number[]; bot: number[] }> {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "calls", "one.wav");
  const recorder = await Recorder.open(path, 0);
  script(recorder.recorded(SINK), (count, level = 1) => {
    for (let i = 0; i < count; i++) recorder.caller(frames(1, level));
  });
  await recorder[Symbol.asyncDispose]();
  const { channels: [left, right] } = readWav(await Deno.readFile(path));
  await Deno.remove(folder, { recursive: true });
  const levels = (pcm: Pcm) =>
    Array.from({ length: pcm.length / FRAME_SAMPLES }, (_, i) => pcm[i * FRAME_SAMPLES]!);
  return { caller: levels(left!), bot: levels(right!) };
}

Deno.test("the bot is recorded when it is heard, not when its audio was handed over", async () => {
  const { caller, bot } = await recorded((line, hear) => {
    hear(2);
    line.send(frames(3, 9));
    hear(5);
  });
  assert.deepEqual(caller, [1, 1, 1, 1, 1, 1, 1]);
  assert.deepEqual(bot, [0, 0, 9, 9, 9, 0, 0]);
});

Deno.test("audio that the caller's interruption dropped is not in the recording", async () => {
  const { bot } = await recorded((line, hear) => {
    line.send(frames(10, 9));
    hear(2);
    line.pause();
    hear(2);
    line.resume();
    hear(1);
    void line.flush();
    hear(2);
  });
  assert.deepEqual(bot, [9, 9, 0, 0, 9, 0, 0]);
});

Deno.test("a phrase's incomplete last frame is padded, so that the next phrase begins with a frame", async () => {
  const { bot } = await recorded((line, hear) => {
    line.send(frames(1, 9).subarray(0, 100));
    line.endOfPhrase("e1");
    line.send(frames(1, 7));
    hear(2);
  });
  assert.deepEqual(bot, [9, 7]);
});

Deno.test("the time an isolate was away is recorded as silence, so that both sides stay in step", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "one.wav");
  {
    await using first = await Recorder.open(path, 0);
    first.caller(frames(1, 5));
  }
  {
    await using second = await Recorder.open(path, 100);
    second.caller(frames(1, 5));
  }
  const { channels: [left] } = readWav(await Deno.readFile(path));
  await Deno.remove(folder, { recursive: true });
  assert.equal(left!.length, 6 * FRAME_SAMPLES);
  assert.equal(left!.at(-1), 5);
});
