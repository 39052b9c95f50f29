// The windows of one call on their way to voice detection and the probabilities on their way back, in
// memory that the call shares with the engine: a message each way would cost both ends more than the
// model does (docs/performance.md).

import type { Pcm } from "../../../media/frame.ts";
import { VAD_WINDOW_SAMPLES } from "../../vad.ts";

/**
 * Windows (of 32 ms) that may wait for an answer: two seconds, far longer than a call waits before it
 * goes by loudness. Audio may arrive in bursts.
 */
const SLOTS = 64;

/** Two counters, then for each slot: when it was asked, its answer, whether it begins a stream, its samples. */
const COUNTER_BYTES = 8;
const ASKED_FROM = COUNTER_BYTES;
const ANSWER_FROM = ASKED_FROM + 8 * SLOTS;
const FRESH_FROM = ANSWER_FROM + 4 * SLOTS;
const SAMPLES_FROM = FRESH_FROM + SLOTS;
const RING_BYTES = SAMPLES_FROM + 2 * VAD_WINDOW_SAMPLES * SLOTS;

/** Places of the counters. */
const WRITTEN = 0;
const ANSWERED = 1;

/** A window as the engine takes it. Valid until it is answered. */
export interface RingWindow {
  /** `VAD_WINDOW_SAMPLES` long; a view. */
  readonly samples: Int16Array;
  /** It does not continue the window before it. */
  readonly fresh: boolean;
  /** When it was written, in milliseconds since the epoch. */
  readonly askedAt: number;
}

/**
 * One call's ring. Both counters only grow, modulo 2^32: the call alone moves the one, the engine the
 * other, and each after the data it stands for.
 */
export class WindowRing {
  readonly memory: SharedArrayBuffer;
  readonly #counters: Int32Array;
  readonly #askedAt: Float64Array;
  readonly #answers: Float32Array;
  readonly #fresh: Uint8Array;
  readonly #samples: Int16Array;

  /** An empty ring of a call. */
  static create(): WindowRing {
    return new WindowRing(new SharedArrayBuffer(RING_BYTES));
  }

  /**
   * The other end of a ring.
   *
   * @throws {RangeError} when `memory` is no ring's.
   */
  constructor(memory: unknown) {
    if (!(memory instanceof SharedArrayBuffer) || memory.byteLength !== RING_BYTES) {
      throw new RangeError(`a ring of VAD windows is ${RING_BYTES} bytes of shared memory`);
    }
    this.memory = memory;
    this.#counters = new Int32Array(memory, 0, 2);
    this.#askedAt = new Float64Array(memory, ASKED_FROM, SLOTS);
    this.#answers = new Float32Array(memory, ANSWER_FROM, SLOTS);
    this.#fresh = new Uint8Array(memory, FRESH_FROM, SLOTS);
    this.#samples = new Int16Array(memory, SAMPLES_FROM, VAD_WINDOW_SAMPLES * SLOTS);
  }

  /** Windows that are not answered. What a broken call may have written to its counter is bounded. */
  get waiting(): number {
    const waiting = (this.#count(WRITTEN) - this.#count(ANSWERED)) | 0;
    return Math.min(SLOTS, Math.max(0, waiting));
  }

  /** For the call: windows answered since the ring was made. */
  get answered(): number {
    return this.#count(ANSWERED) >>> 0;
  }

  /**
   * For the call: adds a window.
   *
   * @returns its number, from 1 on, which `answered` reaches when it is answered; undefined when
   *   the ring is full.
   * @throws {RangeError} for a window of another length.
   */
  write(window: Pcm, fresh: boolean): number | undefined {
    if (window.length !== VAD_WINDOW_SAMPLES) {
      throw new RangeError(`a VAD window is ${VAD_WINDOW_SAMPLES} samples, not ${window.length}`);
    }
    if (this.waiting === SLOTS) return undefined;
    const written = this.#count(WRITTEN);
    const slot = slotOf(written);
    this.#samples.set(window, slot * VAD_WINDOW_SAMPLES);
    this.#fresh[slot] = fresh ? 1 : 0;
    this.#askedAt[slot] = now();
    Atomics.store(this.#counters, WRITTEN, written + 1);
    return (written + 1) >>> 0;
  }

  /** For the call: the probability of an answered window; NaN when the engine failed at it. */
  probability(number: number): number {
    return this.#answers[slotOf(number - 1)]!;
  }

  /** For the engine: the oldest window that is not answered. */
  next(): RingWindow | undefined {
    if (this.waiting === 0) return undefined;
    const slot = slotOf(this.#count(ANSWERED));
    const from = slot * VAD_WINDOW_SAMPLES;
    return {
      samples: this.#samples.subarray(from, from + VAD_WINDOW_SAMPLES),
      fresh: this.#fresh[slot] === 1,
      askedAt: this.#askedAt[slot]!,
    };
  }

  /** For the engine: answers the window that `next` gave. NaN says that it failed. */
  answer(probability: number): void {
    const answered = this.#count(ANSWERED);
    this.#answers[slotOf(answered)] = probability;
    Atomics.store(this.#counters, ANSWERED, answered + 1);
  }

  #count(counter: number): number {
    return Atomics.load(this.#counters, counter);
  }
}

/** Milliseconds since the epoch with fractions: the same in every isolate of the process. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

function slotOf(count: number): number {
  return (count >>> 0) % SLOTS;
}
