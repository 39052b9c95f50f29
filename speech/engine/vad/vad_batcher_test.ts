import assert from "node:assert/strict";
import type { Pcm } from "../../../media/frame.ts";
import { VAD_WINDOW_SAMPLES } from "../../vad.ts";
import type { SileroInput, SileroMemory } from "./silero.ts";
import { VadBatcher, type VadModel } from "./vad_batcher.ts";

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

Deno.test("windows of many calls that arrive together form one batch", async () => {
  const model = new CountingModel();
  const batcher = new VadBatcher(model);
  const lanes = Array.from({ length: 50 }, () => batcher.open());
  const answers = await Promise.all(lanes.map((lane, n) => lane.probability(windowOf(n))));
  assert.deepEqual(answers, lanes.map((_, n) => n));
  assert.deepEqual(model.batches, [50]);
});

Deno.test("the windows of one call are answered one after another, in order", async () => {
  const model = new CountingModel();
  const lane = new VadBatcher(model).open();
  const order: number[] = [];
  await Promise.all([1, 2, 3].map(async (n) => order.push(await lane.probability(windowOf(n)))));
  assert.deepEqual(order, [1, 2, 3]);
  assert.deepEqual(model.batches, [1, 1, 1]);
  assert.deepEqual(remembered(model), [6]);
});

Deno.test("a reset forgets the past of its own call only, including the windows that still wait", async () => {
  const model = new CountingModel();
  const batcher = new VadBatcher(model);
  const [one, other] = [batcher.open(), batcher.open()];
  const past = [one.probability(windowOf(1)), one.probability(windowOf(2))];
  const others = [other.probability(windowOf(10)), other.probability(windowOf(20))];
  one.reset();
  await Promise.all([...past, ...others, one.probability(windowOf(5))]);
  assert.deepEqual(remembered(model).sort((a, b) => a - b), [3, 5, 30]);
});

Deno.test("a failing model fails the windows of that batch only", async () => {
  const model = new CountingModel();
  const lane = new VadBatcher(model).open();
  model.fail = true;
  await assert.rejects(lane.probability(windowOf(1)), /out of memory/);
  model.fail = false;
  assert.equal(await lane.probability(windowOf(2)), 2);
});

Deno.test("a call that leaves fails its own waiting windows, not those of others", async () => {
  const batcher = new VadBatcher(new CountingModel());
  const [stays, leaves] = [batcher.open(), batcher.open()];
  const kept = stays.probability(windowOf(1));
  const gone = assert.rejects(leaves.probability(windowOf(2)), /left/);
  leaves[Symbol.dispose]();
  await gone;
  assert.equal(await kept, 1);
  assert.equal(batcher.waiting, 0);
});

Deno.test("a call whose windows pile up loses its oldest, and the rest are answered", async () => {
  const batcher = new VadBatcher(new CountingModel());
  const lane = batcher.open();
  batcher.open();
  const answers = Array.from({ length: 70 }, (_, n) => lane.probability(windowOf(n)));
  assert.equal(batcher.waiting, 64);
  const outcomes = await Promise.allSettled(answers);
  const dropped = outcomes.filter(({ status }) => status === "rejected");
  assert.equal(dropped.length, 6);
  assert.deepEqual(outcomes.slice(0, 6), dropped, "the oldest");
  await assert.rejects(answers[0]!, /overloaded/);
});

Deno.test("a window of the wrong length is refused, not misread", async () => {
  const lane = new VadBatcher(new CountingModel()).open();
  await assert.rejects(lane.probability(new Int16Array(320)), /512 samples, not 320/);
});

function remembered(model: CountingModel): number[] {
  return [...model.memories].map((memory) => memory.state[0]!);
}

function windowOf(value: number): Pcm {
  return new Int16Array(VAD_WINDOW_SAMPLES).fill(value);
}
