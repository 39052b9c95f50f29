import assert from "node:assert/strict";
import fc from "fast-check";
import { JitterBuffer } from "./jitter_buffer.ts";

/** A buffer, and one sample of each 20 ms packet that came out; packet n is filled with n % 1000 + 1. */
function buffer(): { jitter: JitterBuffer; out: number[]; push: (n: number, now: number) => void } {
  const out: number[] = [];
  const jitter = new JitterBuffer({ sampleRateHz: 8000, onAudio: (pcm) => out.push(pcm[159]!) });
  const push = (n: number, now: number) =>
    jitter.push(n & 0xffff, new Int16Array(160).fill(n % 1000 + 1), now);
  return { jitter, out, push };
}

Deno.test("packets in order pass without delay, even where the sequence number wraps", () => {
  const { out, push } = buffer();
  for (let n = 65533; n < 65540; n++) {
    push(n, 0);
    assert.equal(out.at(-1), n % 1000 + 1);
  }
  assert.equal(out.length, 7);
});

Deno.test("packets that overtook one another are reordered", () => {
  const { jitter, out, push } = buffer();
  [1, 3, 2, 4, 6, 7, 5].forEach((n, i) => push(n, i * 20));
  assert.deepEqual(out, [2, 3, 4, 5, 6, 7, 8]);
  assert.equal(jitter.stats.packetsReordered, 2);
  assert.equal(jitter.stats.packetsLost, 0);
});

Deno.test("a packet that arrives twice is heard once", () => {
  const { jitter, out, push } = buffer();
  [1, 1, 2, 4, 4, 3, 2, 5].forEach((n, i) => push(n, i * 10));
  assert.deepEqual(out, [2, 3, 4, 5, 6]);
  assert.equal(jitter.stats.packetsDuplicate, 3);
});

Deno.test("a lost packet is concealed once three have followed it, so that no time is missing", () => {
  const { jitter, out, push } = buffer();
  [1, 2, 4, 5].forEach((n) => push(n, n * 20));
  assert.equal(out.length, 2);
  push(6, 120);
  assert.equal(out.length, 6);
  assert.deepEqual(out.slice(3), [5, 6, 7]);
  assert.equal(jitter.stats.packetsLost, 1);
});

Deno.test("a lost packet that few follow is concealed by the clock", () => {
  const { jitter, out, push } = buffer();
  push(1, 0);
  push(3, 20);
  jitter.expire(70);
  assert.equal(out.length, 1);
  jitter.expire(80);
  assert.equal(out.length, 3);
});

Deno.test("a packet that arrives after it was concealed is dropped", () => {
  const { jitter, out, push } = buffer();
  [1, 3, 4, 5].forEach((n) => push(n, n * 20));
  push(2, 200);
  push(6, 220);
  assert.deepEqual(out.slice(2), [4, 5, 6, 7]);
  assert.equal(jitter.stats.packetsLate, 1);
  assert.equal(jitter.stats.packetsDuplicate, 0);
});

Deno.test("a stray packet with a wild number is ignored; a new sequence is followed", () => {
  const { jitter, out, push } = buffer();
  push(1, 0);
  push(30_000, 20);
  push(2, 40);
  assert.deepEqual(out, [2, 3]);
  push(20_000, 60);
  push(20_001, 80);
  push(20_002, 100);
  assert.deepEqual(out.slice(2), [2, 3]);
  assert.equal(jitter.stats.streamRestarts, 1);
});

Deno.test("a new sender's first packet is heard without delay", () => {
  const { jitter, out, push } = buffer();
  push(500, 0);
  jitter.restart();
  push(7, 20);
  assert.deepEqual(out, [501, 8]);
});

Deno.test("with 5 % loss and 50 ms of jitter, speech is heard in order and at its full length", () => {
  fc.assert(fc.property(fc.integer({ min: 1 }), (seed) => {
    const chance = randomFrom(seed);
    const { jitter, out, push } = buffer();
    const arrivals = Array.from({ length: 400 }, (_, n) => ({ n, at: n * 20 + chance() * 50 }))
      .filter(({ n }) => n === 0 || n === 399 || chance() >= 0.05);
    arrivals[0]!.at = 0;
    arrivals.sort((a, b) => a.at - b.at);
    let clock = 0;
    for (const { n, at } of arrivals) {
      for (; clock < at; clock += 20) jitter.expire(clock);
      push(n, at);
    }
    for (; clock < 10_000; clock += 20) jitter.expire(clock);
    assert.equal(out.length, 400);
    const { packetsLost: concealed, packetsLate: late } = jitter.stats;
    assert.equal(concealed, 400 - arrivals.length + late);
    assert.equal(late, 0, "none was given up before it came");
    const inPlace = out.filter((sample, n) => sample === n + 1).length;
    assert.ok(inPlace >= 400 - concealed, `${inPlace} in place`);
  }));
});

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
