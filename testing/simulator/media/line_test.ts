import assert from "node:assert/strict";
import {
  concatPcm,
  FRAME_SAMPLES,
  levelDbfs,
  type Pcm,
  SAMPLE_RATE_HZ,
} from "../../../media/frame.ts";
import { lineFilter } from "./line.ts";

function tone(hz: number, amplitude: number, frames: number): Pcm[] {
  return Array.from({ length: frames }, (_, n) =>
    Int16Array.from(
      { length: FRAME_SAMPLES },
      (_, i) => amplitude * Math.sin(2 * Math.PI * hz * (n * FRAME_SAMPLES + i) / SAMPLE_RATE_HZ),
    ));
}

/** Level out minus level in, after the filter has settled. */
function gainDb(hz: number): number {
  const filter = lineFilter("ulaw");
  const sent = tone(hz, 8000, 20);
  const heard = sent.map(filter);
  return levelDbfs(concatPcm(heard.slice(5))) - levelDbfs(concatPcm(sent.slice(5)));
}

Deno.test("a phone line passes speech up to 3 kHz and nothing above 4.5 kHz", () => {
  for (const hz of [300, 1000, 2000, 3000]) {
    assert.ok(Math.abs(gainDb(hz)) < 1, `${hz} Hz: ${gainDb(hz)} dB`);
  }
  for (const hz of [4500, 5000, 6000, 7500]) {
    assert.ok(gainDb(hz) < -30, `${hz} Hz: ${gainDb(hz)} dB`);
  }
});

Deno.test("a phone line joins frames without a seam", () => {
  const filter = lineFilter("ulaw");
  const heard = concatPcm(tone(400, 8000, 10).map(filter)).subarray(FRAME_SAMPLES * 2);
  const steepest = 8000 * 2 * Math.PI * 400 / SAMPLE_RATE_HZ;
  for (let i = 1; i < heard.length; i++) {
    const step = Math.abs(heard[i]! - heard[i - 1]!);
    assert.ok(step < steepest * 1.5, `a step of ${step} at sample ${i}`);
  }
});

Deno.test("a phone line keeps silence silent", () => {
  const filter = lineFilter("ulaw");
  for (const frame of tone(1000, 8000, 3)) filter(frame);
  const silence = Array.from({ length: 5 }, () => filter(new Int16Array(FRAME_SAMPLES)));
  assert.equal(levelDbfs(silence[4]!), -Infinity);
});

Deno.test("a wideband line leaves frames unchanged", () => {
  const frame = new Int16Array(FRAME_SAMPLES).fill(7);
  assert.equal(lineFilter("slin16")(frame), frame);
});
