// One VAD model for many calls: at a fixed beat, the windows that have come form a batch.

import { Distribution } from "../stats.ts";
import { type SileroInput, SileroMemory } from "./silero.ts";
import { now, type RingWindow, WindowRing } from "./window_ring.ts";

/**
 * Time between two looks. Longer, and a caller is noticed later; shorter, and a batch is smaller: the
 * model's weights are read into the cache for each (0.8 ms), and each window of a batch costs 0.04 ms.
 */
const BEAT_MS = 12;

/** The model a batcher runs. */
export interface VadModel {
  /** Speech probabilities, in the order of `inputs`. */
  probabilities(inputs: readonly SileroInput[]): Promise<Float32Array>;
}

/** One call's place in the batches. */
interface Lane {
  readonly ring: WindowRing;
  readonly memory: SileroMemory;
}

interface Taken extends SileroInput {
  readonly ring: WindowRing;
  readonly askedAt: number;
}

/** Runs the windows of all lanes through one model. */
export class VadBatcher {
  readonly #model: VadModel;
  readonly #onFailed: (error: unknown) => void;
  readonly #lanes = new Set<Lane>();
  #beat: ReturnType<typeof setInterval> | undefined;
  #running = false;

  /** Windows a batch, and milliseconds from a window's writing to its answer. */
  readonly batchSizes: Distribution = new Distribution();
  readonly latencies: Distribution = new Distribution();

  /** @param onFailed is told why a batch has failed; its windows are answered with NaN. */
  constructor(model: VadModel, onFailed: (error: unknown) => void) {
    this.#model = model;
    this.#onFailed = onFailed;
  }

  /**
   * Answers one more call's windows, until the lane is disposed.
   *
   * @throws {RangeError} when `memory` is no ring's.
   */
  open(memory: unknown): Disposable {
    const lane = { ring: new WindowRing(memory), memory: new SileroMemory() };
    this.#lanes.add(lane);
    this.#beat ??= setInterval(() => this.beat(), BEAT_MS);
    return {
      [Symbol.dispose]: () => {
        this.#lanes.delete(lane);
        if (this.#lanes.size > 0) return;
        clearInterval(this.#beat);
        this.#beat = undefined;
      },
    };
  }

  /** Windows waiting now. */
  get waiting(): number {
    let sum = 0;
    for (const { ring } of this.#lanes) sum += ring.waiting;
    return sum;
  }

  /** Answers all windows that have come. The batcher's own timer calls it. */
  async beat(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    // One window of each lane, never two: a window depends on the one before it in its stream.
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) await this.#run(batch);
    this.#running = false;
  }

  #take(): Taken[] {
    const batch: Taken[] = [];
    for (const { ring, memory } of this.#lanes) {
      const window = ring.next();
      if (window) batch.push(taken(ring, memory, window));
    }
    return batch;
  }

  async #run(batch: readonly Taken[]): Promise<void> {
    try {
      const probabilities = await this.#model.probabilities(batch);
      const at = now();
      batch.forEach(({ ring, askedAt }, n) => {
        ring.answer(probabilities[n]!);
        // A call writes the time itself.
        if (askedAt > 0 && askedAt <= at) this.latencies.add(at - askedAt);
      });
      this.batchSizes.add(batch.length);
    } catch (error) {
      for (const { ring } of batch) ring.answer(NaN);
      this.#onFailed(error);
    }
  }
}

function taken(ring: WindowRing, memory: SileroMemory, window: RingWindow): Taken {
  if (window.fresh) memory.clear();
  return { ring, memory, window: window.samples, askedAt: window.askedAt };
}
