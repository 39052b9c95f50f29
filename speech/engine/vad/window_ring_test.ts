import assert from "node:assert/strict";
import { VAD_WINDOW_SAMPLES } from "../../vad.ts";
import { WindowRing } from "./window_ring.ts";

/** Both ends of one ring. */
function ends() {
  const call = WindowRing.create();
  return { call, engine: new WindowRing(call.memory) };
}

Deno.test("windows reach the engine in order, and each answer its window, for longer than the ring is", () => {
  const { call, engine } = ends();
  for (let n = 1; n <= 300; n++) {
    assert.equal(call.write(windowOf(n), n === 1), n);
    const { samples, fresh } = engine.next()!;
    assert.deepEqual([samples[0], samples.at(-1), fresh], [n, n, n === 1]);
    engine.answer(n / 1000);
    assert.equal(call.answered, n);
    assert.ok(Math.abs(call.probability(n) - n / 1000) < 1e-6);
  }
  assert.equal(engine.next(), undefined);
});

Deno.test("a ring whose engine stands still refuses further windows and keeps those it has", () => {
  const { call, engine } = ends();
  for (let n = 1; n <= 64; n++) assert.equal(call.write(windowOf(n), false), n);
  assert.equal(call.write(windowOf(65), false), undefined);
  assert.equal(call.waiting, 64);
  assert.equal(engine.next()!.samples[0], 1);
  engine.answer(0.5);
  assert.equal(call.write(windowOf(65), false), 65);
});

Deno.test("a call that writes nonsense into its ring cannot make the engine read more than the ring", () => {
  const { call, engine } = ends();
  const counters = new Int32Array(call.memory, 0, 2);
  for (const written of [2 ** 31 - 1, -(2 ** 31), -1, 1_000_000]) {
    counters[0] = written;
    assert.ok(engine.waiting >= 0 && engine.waiting <= 64, `${engine.waiting}`);
    for (let i = 0; i < 200 && engine.next(); i++) engine.answer(0);
  }
});

Deno.test("the counters may pass 2^31 and 2^32", () => {
  const { call, engine } = ends();
  const counters = new Int32Array(call.memory, 0, 2);
  for (const start of [2 ** 31 - 2, -2]) {
    counters.fill(start);
    for (let n = 1; n <= 5; n++) {
      const number = call.write(windowOf(n), false)!;
      assert.equal(engine.next()!.samples[0], n);
      engine.answer(n);
      assert.deepEqual([call.answered, call.probability(number)], [number, n]);
    }
  }
});

Deno.test("what is no ring, or a window of another length, is refused", () => {
  assert.throws(() => new WindowRing(new SharedArrayBuffer(10)), RangeError);
  assert.throws(() => new WindowRing(new ArrayBuffer(66_000)), RangeError);
  assert.throws(() => ends().call.write(new Int16Array(320), false), /512 samples, not 320/);
});

function windowOf(value: number) {
  return new Int16Array(VAD_WINDOW_SAMPLES).fill(value);
}
