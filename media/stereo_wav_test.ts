import assert from "node:assert/strict";
import { join } from "node:path";
import { readWav, toMono } from "../testing/wav.ts";
import { RecordingError, StereoWavWriter } from "./stereo_wav.ts";
import { writeWav } from "./wav.ts";

const SAMPLES = Int16Array.of(1, -2, 300, -400, 32767, -32768);

Deno.test("a call's recording has the caller left and the bot right", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "call.wav");
  const writer = await StereoWavWriter.open(path);
  writer.append(Int16Array.of(1, 2, 3), Int16Array.of(7));
  writer.append(Int16Array.of(4), Int16Array.of(8));
  await writer.close();
  const wav = readWav(await Deno.readFile(path));
  assert.deepEqual(wav.channels, [Int16Array.of(1, 2, 3, 4), Int16Array.of(7, 0, 0, 8)]);
  assert.deepEqual(toMono(wav), Int16Array.of(4, 1, 1, 6));
});

Deno.test("a recording is appended to where the previous isolate died", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "call.wav");
  {
    await using first = await StereoWavWriter.open(path);
    first.append(Int16Array.of(1, 2), Int16Array.of(3, 4));
  }
  // A death between two writes: half a sample too much, and the header does not count it.
  await Deno.writeFile(path, Uint8Array.of(9, 0, 9, 0, 9), { append: true });
  {
    await using second = await StereoWavWriter.open(path);
    second.append(Int16Array.of(5), Int16Array.of(6));
  }
  assert.deepEqual(readWav(await Deno.readFile(path)).channels, [
    Int16Array.of(1, 2, 9, 5),
    Int16Array.of(3, 4, 9, 6),
  ]);
});

Deno.test("what was recorded before is not heard again where one side is silent later", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "call.wav");
  const writer = await StereoWavWriter.open(path);
  const loud = new Int16Array(20_000).fill(5);
  writer.append(loud, loud);
  await writer.flush();
  writer.append(Int16Array.of(1, 2), new Int16Array(0));
  writer.append(new Int16Array(50_000), Int16Array.of(3));
  await writer.close();
  const [left, right] = readWav(await Deno.readFile(path)).channels;
  assert.deepEqual([...left!.subarray(0, 20_003)], [...loud, 1, 2, 0]);
  assert.deepEqual([...right!.subarray(0, 20_004)], [...loud, 0, 0, 3, 0]);
  assert.equal(left!.length, 70_002);
  assert.equal(right!.findLastIndex((sample) => sample !== 0), 20_002);
});

Deno.test("another program's file is not overwritten", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "prompt.wav");
  await Deno.writeFile(path, writeWav(SAMPLES, 8000));
  await assert.rejects(StereoWavWriter.open(path), RecordingError);
  assert.deepEqual(readWav(await Deno.readFile(path)).channels, [SAMPLES]);
});

Deno.test("a recording is a valid file while the call is still going on", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "call.wav");
  await using writer = await StereoWavWriter.open(path);
  writer.append(SAMPLES, SAMPLES);
  await writer.flush();
  assert.deepEqual(readWav(await Deno.readFile(path)).channels, [SAMPLES, SAMPLES]);
  const header = new DataView((await Deno.readFile(path)).buffer);
  assert.equal(header.getUint32(40, true), SAMPLES.byteLength * 2);
});

Deno.test("a full disk is reported when the recording is opened", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await assert.rejects(StereoWavWriter.open("/dev/full"));
});

async function temporaryFolder() {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
