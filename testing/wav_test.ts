import assert from "node:assert/strict";
import { writeWav } from "../media/wav.ts";
import { readWav, WavError } from "./wav.ts";

const SAMPLES = Int16Array.of(1, -2, 300, -400, 32767, -32768);

Deno.test("what is written is read back, at any rate", () => {
  for (const rate of [8000, 16_000, 48_000]) {
    const wav = readWav(writeWav(SAMPLES, rate));
    assert.equal(wav.sampleRateHz, rate);
    assert.deepEqual(wav.channels, [SAMPLES]);
  }
});

Deno.test("chunks of other programs are skipped, even of odd length", () => {
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

Deno.test("the extensible header that recorders write is understood", () => {
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

Deno.test("an unreadable file is refused, and the error says what was found", () => {
  const floats = writeWav(SAMPLES);
  floats[20] = 3;
  assert.throws(
    () => readWav(floats),
    (error) => error instanceof WavError && /format 3/.test(error.message),
  );
  assert.throws(() => readWav(new TextEncoder().encode("ID3 not a wave")), /RIFF/);
  assert.throws(() => readWav(writeWav(SAMPLES).subarray(0, 36)), /no audio/);
});

function bytes(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
