import assert from "node:assert/strict";
import { join } from "node:path";
import { readWav, StereoWavWriter, toMono, WavError, writeWav } from "./wav.ts";

const SAMPLES = Int16Array.of(1, -2, 300, -400, 32767, -32768);

Deno.test("what is written is read back, at any rate", () => {
  for (const rate of [8000, 16_000, 48_000]) {
    const wav = readWav(writeWav(SAMPLES, rate));
    assert.equal(wav.sampleRateHz, rate);
    assert.deepEqual(wav.channels, [SAMPLES]);
  }
});

Deno.test("chunks of other programs are skipped, also of odd length", () => {
  const plain = writeWav(SAMPLES);
  const list = new TextEncoder().encode("LIST\x03\x00\x00\x00abc\x00");
  const wav = readWav(
    bytes(plain.subarray(0, 12), list, plain.subarray(12, 36), list, plain.subarray(36), list),
  );
  assert.deepEqual(wav.channels, [SAMPLES]);
});

Deno.test("a file whose writer died is read to its end", () => {
  for (const size of [0, 0xffffffff]) {
    const broken = writeWav(SAMPLES);
    new DataView(broken.buffer).setUint32(40, size, true);
    assert.deepEqual(readWav(broken).channels, [SAMPLES]);
  }
});

Deno.test("the extensible header, as recorders write it, is understood", () => {
  const plain = writeWav(SAMPLES);
  const format = new Uint8Array(8 + 40);
  format.set(plain.subarray(12, 36));
  const view = new DataView(format.buffer);
  view.setUint32(4, 40, true);
  view.setUint16(8, 0xfffe, true);
  view.setUint16(32, 1, true);
  assert.deepEqual(readWav(bytes(plain.subarray(0, 12), format, plain.subarray(36))).channels, [
    SAMPLES,
  ]);
});

Deno.test("what cannot be read is refused with what was found", () => {
  const floats = writeWav(SAMPLES);
  floats[20] = 3;
  assert.throws(
    () => readWav(floats),
    (error) => error instanceof WavError && /format 3/.test(error.message),
  );
  assert.throws(() => readWav(new TextEncoder().encode("ID3 not a wave")), /RIFF/);
  assert.throws(() => readWav(writeWav(SAMPLES).subarray(0, 36)), /no audio/);
});

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

Deno.test("a recording goes on where the isolate before it died", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "call.wav");
  {
    await using first = await StereoWavWriter.open(path);
    first.append(Int16Array.of(1, 2), Int16Array.of(3, 4));
  }
  // Death between two writes: half a sample too much, and the header knows nothing of it.
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

Deno.test("a stranger's file is not written over", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "prompt.wav");
  await Deno.writeFile(path, writeWav(SAMPLES, 8000));
  await assert.rejects(StereoWavWriter.open(path), WavError);
  assert.deepEqual(readWav(await Deno.readFile(path)).channels, [SAMPLES]);
});

Deno.test("while a call runs its recording is a valid file already", async () => {
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

function bytes(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

async function temporaryFolder() {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
