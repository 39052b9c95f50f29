import assert from "node:assert/strict";
import { concatPcm, type Pcm } from "../frame.ts";
import { resample, Resampler } from "./resample.ts";

Deno.test("a tone keeps its pitch and its loudness at another rate", async () => {
  const out = await resample(tone(440, 22_050, 1), 22_050, 16_000);
  const ideal = tone(440, 16_000, 1);
  assert.equal(out.length, ideal.length);
  for (let i = 200; i < 15_800; i++) assert.ok(Math.abs(out[i]! - ideal[i]!) < 20, `sample ${i}`);
});

Deno.test("frequencies that the new rate cannot carry are removed, not aliased into the voice", async () => {
  const out = await resample(tone(7000, 16_000, 1), 16_000, 8000);
  assert.ok(peak(out.subarray(100, -100)) < 100);
});

Deno.test("a stream in small chunks sounds the same as in one piece, and loses no sample", async () => {
  const voice = tone(300, 22_050, 1);
  using resampler = await Resampler.create(22_050, 16_000);
  const whole = concatPcm([resampler.push(voice), resampler.flush()]);
  const parts: Pcm[] = [];
  for (let at = 0; at < voice.length; at += 441) {
    parts.push(resampler.push(voice.subarray(at, at + 441)));
  }
  parts.push(resampler.flush());
  const chunked = concatPcm(parts);
  assert.equal(chunked.length, 16_000);
  assert.deepEqual(chunked, whole);
});

Deno.test("after a flush nothing of the previous stream is heard", async () => {
  using resampler = await Resampler.create(8000, 16_000);
  resampler.push(tone(1000, 8000, 0.5));
  resampler.flush();
  assert.equal(peak(resampler.push(new Int16Array(800))), 0);
});

Deno.test("audio already at the wanted rate passes unchanged", async () => {
  const voice = tone(300, 16_000, 0.1);
  assert.deepEqual(await resample(voice, 16_000, 16_000), voice);
});

Deno.test("an impossible rate is refused by name", async () => {
  await assert.rejects(Resampler.create(0, 16_000), /0 Hz to 16000 Hz/);
});

function tone(hz: number, rateHz: number, seconds: number): Pcm {
  return Int16Array.from(
    { length: rateHz * seconds },
    (_, i) => Math.round(10_000 * Math.sin(2 * Math.PI * hz * i / rateHz)),
  );
}

function peak(pcm: Int16Array): number {
  return pcm.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
}

Deno.test("while a long recording is resampled, its thread answers heartbeats", async () => {
  let turns = 0;
  const others = setInterval(() => turns++, 0);
  await resample(new Int16Array(10 * 16_000), 16_000, 8000);
  clearInterval(others);
  assert.ok(turns >= 10, `${turns} turns of the event loop`);
});
