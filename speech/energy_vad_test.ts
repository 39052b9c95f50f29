import assert from "node:assert/strict";
import type { Pcm } from "../media/frame.ts";
import { EnergyVad } from "./energy_vad.ts";
import { VAD_WINDOW_SAMPLES } from "./vad.ts";

Deno.test("a voice counts as speech, and the line's own noise does not", () => {
  const vad = new EnergyVad();
  for (let i = 0; i < 30; i++) assert.ok(vad.probability(noise(30)) < 0.5, `quiet window ${i}`);
  assert.ok(vad.probability(noise(3000)) > 0.9);
  assert.ok(vad.probability(noise(30)) < 0.5);
});

Deno.test("on a noisy line the noise stops counting as speech within seconds, and a voice still counts", () => {
  const vad = new EnergyVad();
  for (let i = 0; i < 30; i++) vad.probability(noise(30));
  assert.ok(vad.probability(noise(300)) > 0.5, "noise that sets in is not known yet");
  const windowsIn10s = 10_000 / 32;
  let last = 1;
  for (let i = 0; i < windowsIn10s; i++) last = vad.probability(noise(300));
  assert.ok(last < 0.5, `steady noise is still ${last}`);
  assert.ok(vad.probability(noise(5000)) > 0.9);
});

Deno.test("a caller who talks for long without a pause is still heard", () => {
  const vad = new EnergyVad();
  for (let i = 0; i < 60_000 / 32; i++) {
    assert.ok(vad.probability(noise(6000)) > 0.5, `after ${i * 32} ms`);
  }
});

Deno.test("digital silence is not speech", () => {
  assert.equal(new EnergyVad().probability(new Int16Array(VAD_WINDOW_SAMPLES)), 0);
});

/** Noise of this amplitude, the same every time. */
function noise(amplitude: number): Pcm {
  let seed = 1;
  return new Int16Array(VAD_WINDOW_SAMPLES).map(() => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return (seed / 2 ** 30 - 1) * amplitude;
  });
}
