import assert from "node:assert/strict";
import {
  concatPcm,
  durationMs,
  levelDbfs,
  type Pcm,
  SAMPLE_RATE_HZ,
} from "../../../media/frame.ts";
import { gainFor, PhraseShaper, TARGET_DBFS } from "./phrase_shaper.ts";

Deno.test("a phrase begins with its first sound and ends with a short pause", () => {
  const out = shape(concatPcm([silence(300), tone(500), silence(700)]), { pauseMs: 160 });
  assert.equal(durationMs(out.length), 10 + 500 + 160);
});

Deno.test("pauses between the words of a phrase are kept", () => {
  const out = shape(concatPcm([tone(200), silence(250), tone(200)]), { pauseMs: 0 });
  assert.equal(durationMs(out.length), 650);
});

Deno.test("a phrase sounds the same however it is cut into chunks", () => {
  const phrase = concatPcm([silence(120), tone(330), silence(90), tone(170), silence(400)]);
  const whole = shape(phrase, { pauseMs: 80 });
  for (const chunk of [7, 160, 1600]) {
    assert.deepEqual(shape(phrase, { pauseMs: 80, chunk }), whole);
  }
});

Deno.test("soft and loud voices come out at the same loudness", () => {
  for (const amplitude of [300, 3000, 30_000]) {
    const voice = tone(500, amplitude);
    const out = shape(voice, { pauseMs: 0, gainDb: gainFor(voice) });
    assert.ok(Math.abs(levelDbfs(out) - TARGET_DBFS) < 1.5, `${amplitude}: ${levelDbfs(out)} dBFS`);
  }
});

Deno.test("peaks are bent, never clipped", () => {
  const out = shape(tone(200, 30_000), { pauseMs: 0, gainDb: 6 });
  const peak = out.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  assert.ok(peak > 25_000 && peak < 32_767, `${peak}`);
});

Deno.test("a phrase of silence makes no sound, not even its pause", () => {
  assert.equal(shape(silence(500), { pauseMs: 160 }).length, 0);
});

function shape(
  pcm: Pcm,
  { pauseMs, gainDb = 0, chunk = pcm.length }: { pauseMs: number; gainDb?: number; chunk?: number },
): Pcm {
  const shaper = new PhraseShaper(gainDb, pauseMs);
  const parts: Pcm[] = [];
  for (let at = 0; at < pcm.length; at += chunk) {
    parts.push(shaper.push(pcm.subarray(at, at + chunk)));
  }
  return concatPcm([...parts, shaper.end()]);
}

function silence(ms: number): Pcm {
  return new Int16Array(ms * SAMPLE_RATE_HZ / 1000);
}

/** Begins and ends at a peak, so that its edges are not silence. */
function tone(ms: number, amplitude = 8000): Pcm {
  return silence(ms).map((_, i) => (i % 2 === 0 ? amplitude : -amplitude));
}
