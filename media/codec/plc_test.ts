import assert from "node:assert/strict";
import { levelDbfs, type Pcm } from "../frame.ts";
import { LossConcealer } from "./plc.ts";

const RATE_HZ = 8000;

/** A voiced sound: a 120 Hz pitch with overtones. */
function voice(samples: number): Pcm {
  return new Int16Array(samples).map((_, i) => {
    const t = i / RATE_HZ;
    return [1, 2, 3, 4].reduce((sum, k) => sum + 5000 / k * Math.sin(2 * Math.PI * 120 * k * t), 0);
  });
}

/** Passes `pcm` through in 20 ms packets, losing those listed. */
function through(pcm: Pcm, lost: number[]): Pcm {
  const concealer = new LossConcealer(RATE_HZ);
  const out = new Int16Array(pcm.length);
  for (let k = 0; k * 160 < pcm.length; k++) {
    const packet = pcm.slice(k * 160, (k + 1) * 160);
    out.set(lost.includes(k) ? concealer.conceal(160) : concealer.heard(packet), k * 160);
  }
  return out;
}

Deno.test("a packet lost within a vowel is filled with the vowel, without a click", () => {
  const whole = voice(1600);
  const out = through(whole, [5]);
  const error = out.map((sample, i) => sample - whole[i]!);
  assert.ok(
    levelDbfs(error.slice(800, 960)) < levelDbfs(whole) - 12,
    "the fill is like the original",
  );
  const steps = (pcm: Pcm) => Math.max(...pcm.slice(1).map((s, i) => Math.abs(s - pcm[i]!)));
  assert.ok(steps(out) <= steps(whole) * 1.3, "no jump bigger than the voice's own");
});

Deno.test("audio that returns out of phase with the concealment is cross-faded, not cut in", () => {
  const before = voice(800);
  const after = before.map((sample) => -sample);
  const concealer = new LossConcealer(RATE_HZ);
  for (let at = 0; at < 800; at += 160) concealer.heard(before.slice(at, at + 160));
  const fill = concealer.conceal(160);
  const back = concealer.heard(after.slice(0, 160));
  const ownStep = Math.max(...before.slice(1).map((s, i) => Math.abs(s - before[i]!)));
  assert.ok(Math.abs(back[0]! - fill[159]!) <= ownStep);
  assert.deepEqual(back.slice(40), after.slice(40, 160), "and is itself after 5 ms");
});

Deno.test("a long loss fades to silence instead of droning", () => {
  const out = through(voice(4000), [5, 6, 7, 8, 9, 10]);
  assert.ok(levelDbfs(out.slice(5 * 160, 6 * 160)) > -20);
  assert.equal(levelDbfs(out.slice(8 * 160, 11 * 160)), -Infinity);
});

Deno.test("audio without losses is unchanged", () => {
  const whole = voice(1600);
  assert.deepEqual(through(whole, []), whole);
});

Deno.test("a loss before anything was heard is concealed with silence", () => {
  assert.deepEqual(new LossConcealer(RATE_HZ).conceal(160), new Int16Array(160));
});
