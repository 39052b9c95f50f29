import assert from "node:assert/strict";
import { VAD_WINDOW_SAMPLES } from "../../vad.ts";
import type { SileroInput, SileroMemory } from "./silero.ts";
import { VadBatcher, type VadModel } from "./vad_batcher.ts";
import { WindowRing } from "./window_ring.ts";

/** Answers with the window's first sample and adds it to the stream's memory. */
class CountingModel implements VadModel {
  readonly batches: number[] = [];
  readonly memories = new Set<SileroMemory>();
  fail = false;

  probabilities(inputs: readonly SileroInput[]): Promise<Float32Array> {
    if (this.fail) return Promise.reject(new Error("out of memory"));
    this.batches.push(inputs.length);
    for (const { memory, window } of inputs) {
      memory.state[0]! += window[0]!;
      this.memories.add(memory);
    }
    return Promise.resolve(Float32Array.from(inputs, ({ window }) => window[0]!));
  }
}

/** A batcher whose beat is the test's. */
function setUp() {
  const model = new CountingModel();
  const failures: unknown[] = [];
  const batcher = new VadBatcher(model, (error) => failures.push(error));
  const lanes = new DisposableStack();
  return {
    model,
    batcher,
    failures,
    open() {
      const ring = WindowRing.create();
      return { ring, lane: lanes.use(batcher.open(ring.memory)) };
    },
    [Symbol.dispose]: () => lanes.dispose(),
  };
}

Deno.test("windows of many calls form one batch at the beat, and each call has its own answer", async () => {
  using engine = setUp();
  const rings = Array.from({ length: 50 }, () => engine.open().ring);
  rings.forEach((ring, n) => ring.write(windowOf(n), true));
  await engine.batcher.beat();
  assert.deepEqual(rings.map((ring) => ring.probability(1)), rings.map((_, n) => n));
  assert.deepEqual(engine.model.batches, [50]);
  assert.equal(engine.batcher.latencies.summary().count, 50);
});

Deno.test("the windows of one call are answered one after another, in order", async () => {
  using engine = setUp();
  const { ring } = engine.open();
  for (const n of [1, 2, 3]) ring.write(windowOf(n), n === 1);
  await engine.batcher.beat();
  assert.deepEqual([1, 2, 3].map((n) => ring.probability(n)), [1, 2, 3]);
  assert.deepEqual(engine.model.batches, [1, 1, 1]);
  assert.deepEqual(remembered(engine.model), [6]);
});

Deno.test("a window that begins a stream forgets the past of its own call only", async () => {
  using engine = setUp();
  const [one, other] = [engine.open().ring, engine.open().ring];
  for (const [n, fresh] of [[1, true], [2, false], [5, true]] as const) {
    one.write(windowOf(n), fresh);
    other.write(windowOf(10 * n), false);
  }
  await engine.batcher.beat();
  assert.deepEqual(remembered(engine.model).sort((a, b) => a - b), [5, 80]);
});

Deno.test("a failing model fails the windows of that batch only, and says why", async () => {
  using engine = setUp();
  const { ring } = engine.open();
  engine.model.fail = true;
  ring.write(windowOf(1), true);
  await engine.batcher.beat();
  assert.ok(Number.isNaN(ring.probability(1)));
  assert.match(String(engine.failures), /out of memory/);
  engine.model.fail = false;
  ring.write(windowOf(2), false);
  await engine.batcher.beat();
  assert.equal(ring.probability(2), 2);
});

Deno.test("a call that leaves is not answered any more, and those who stay are", async () => {
  using engine = setUp();
  const [stays, leaves] = [engine.open(), engine.open()];
  for (const { ring } of [stays, leaves]) ring.write(windowOf(1), true);
  leaves.lane[Symbol.dispose]();
  await engine.batcher.beat();
  assert.deepEqual([stays.ring.answered, leaves.ring.answered], [1, 0]);
  assert.equal(engine.batcher.waiting, 0);
});

function remembered(model: CountingModel): number[] {
  return [...model.memories].map((memory) => memory.state[0]!);
}

function windowOf(value: number) {
  return new Int16Array(VAD_WINDOW_SAMPLES).fill(value);
}
