import assert from "node:assert/strict";
import { concatPcm, type Pcm, SAMPLE_RATE_HZ } from "../../../media/frame.ts";
import { cutAtPauses } from "./segments.ts";

Deno.test("an utterance of a few seconds is one segment, its pauses included", () => {
  const pcm = concatPcm([speech(1.5), silence(0.6), speech(2)]);
  assert.deepEqual(cutAtPauses(pcm), [pcm.length]);
});

Deno.test("long speech is cut within its pauses, never within a word", () => {
  const pcm = concatPcm([speech(6), silence(0.5), speech(7), silence(0.5), speech(3)]);
  const ends = cutAtPauses(pcm).map((end) => end / SAMPLE_RATE_HZ);
  assert.equal(ends.length, 3);
  assert.ok(ends[0]! > 6 && ends[0]! < 6.5, `${ends}`);
  assert.ok(ends[1]! > 13.5 && ends[1]! < 14, `${ends}`);
});

Deno.test("speech without a pause is cut at its quietest place before 20 s", () => {
  const pcm = concatPcm([speech(14), speech(0.2, 800), speech(14)]);
  const [first] = cutAtPauses(pcm);
  assert.ok(first! >= 14 * SAMPLE_RATE_HZ && first! <= 14.2 * SAMPLE_RATE_HZ, `${first}`);
});

Deno.test("audio that follows does not move the end of a segment", () => {
  const pcm = concatPcm([speech(6), silence(0.5), speech(7), silence(0.5), speech(9)]);
  const settled = cutAtPauses(pcm.subarray(0, 9 * SAMPLE_RATE_HZ))[0];
  assert.equal(cutAtPauses(pcm)[0], settled);
});

function speech(seconds: number, amplitude = 8000): Pcm {
  return new Int16Array(seconds * SAMPLE_RATE_HZ).map((_, i) => amplitude * Math.sin(i / 5));
}

function silence(seconds: number): Pcm {
  return new Int16Array(seconds * SAMPLE_RATE_HZ);
}
