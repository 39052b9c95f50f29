// One VAD model for many calls: windows that arrive within a few milliseconds form one batch.

import type { Pcm } from "../../../media/frame.ts";
import { VAD_WINDOW_SAMPLES } from "../../vad.ts";
import { type SileroInput, SileroMemory } from "./silero.ts";
import { Distribution } from "../stats.ts";

/**
 * Windows (of 32 ms) that a call may have waiting, since audio may arrive in bursts. Beyond that the
 * engine cannot keep up, and the oldest is dropped.
 */
const MOST_WAITING = 64;

/** The model a batcher runs. */
export interface VadModel {
  probabilities(inputs: readonly SileroInput[]): Promise<Float32Array>;
}

interface Waiting {
  readonly window: Pcm;
  readonly memory: SileroMemory;
  readonly arrivedAt: number;
  readonly settle: PromiseWithResolvers<number>;
}

/** Runs the windows of all lanes through one model. */
export class VadBatcher {
  readonly #model: VadModel;
  readonly #gatherMs: number;
  readonly #lanes = new Set<VadLane>();
  #running = false;

  /** Windows a batch, and milliseconds from a window's arrival to its answer. */
  readonly batchSizes: Distribution = new Distribution();
  readonly latencies: Distribution = new Distribution();

  /** @param gatherMs how long the first window of a batch waits for others. */
  constructor(model: VadModel, gatherMs = 2) {
    this.#model = model;
    this.#gatherMs = gatherMs;
  }

  /** A lane for one more call. */
  open(): VadLane {
    const lane = new VadLane(() => this.#wake(), () => this.#lanes.delete(lane));
    this.#lanes.add(lane);
    return lane;
  }

  /** Windows waiting now. */
  get waiting(): number {
    let sum = 0;
    for (const lane of this.#lanes) sum += lane.waiting;
    return sum;
  }

  async #wake(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    // A single call has nobody to wait for.
    if (this.#lanes.size > 1) await new Promise((done) => setTimeout(done, this.#gatherMs));
    for (let batch = this.#next(); batch.length > 0; batch = this.#next()) await this.#run(batch);
    this.#running = false;
  }

  /** One window of each lane, never two: a window depends on the one before it in its stream. */
  #next(): Waiting[] {
    return [...this.#lanes].map((lane) => lane.take()).filter((item) => item !== undefined);
  }

  async #run(batch: readonly Waiting[]): Promise<void> {
    try {
      const probabilities = await this.#model.probabilities(batch);
      const now = performance.now();
      batch.forEach((item, n) => {
        this.latencies.add(now - item.arrivedAt);
        item.settle.resolve(probabilities[n]!);
      });
      this.batchSizes.add(batch.length);
    } catch (error) {
      for (const { settle } of batch) settle.reject(error);
    }
  }
}

/** One call's place in the batches. */
export class VadLane implements Disposable {
  #memory = new SileroMemory();
  readonly #queue: Waiting[] = [];
  readonly #wake: () => void;
  readonly #leave: () => void;

  constructor(wake: () => void, leave: () => void) {
    this.#wake = wake;
    this.#leave = leave;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** Speech probability of the next window. */
  probability(window: Pcm): Promise<number> {
    if (window.length !== VAD_WINDOW_SAMPLES) {
      return Promise.reject(
        new RangeError(`a VAD window is ${VAD_WINDOW_SAMPLES} samples, not ${window.length}`),
      );
    }
    const settle = Promise.withResolvers<number>();
    this.#queue.push({ window, memory: this.#memory, arrivedAt: performance.now(), settle });
    if (this.#queue.length > MOST_WAITING) {
      this.#queue.shift()!.settle.reject(new Error("VAD is overloaded: a window was dropped"));
    }
    this.#wake();
    return settle.promise;
  }

  /** Forgets the past. Windows from now on begin a new stream; waiting ones still belong to the old. */
  reset(): void {
    this.#memory = new SileroMemory();
  }

  /** Removes and returns the next waiting window. */
  take(): Waiting | undefined {
    return this.#queue.shift();
  }

  [Symbol.dispose](): void {
    this.#leave();
    for (const { settle } of this.#queue.splice(0)) {
      settle.reject(new Error("the call has left the speech engine"));
    }
  }
}
