// What a call costs of one resource, in milliseconds of it a second: learned from what the calls that
// are up use, and until that says enough, what such a call has cost elsewhere.

/** As much is believed of what was known beforehand: five calls that were watched for a minute. */
const PRIOR_CALL_SECONDS = 300;
/** What was seen counts half after this time: callers, prompts and services change. */
const HALF_LIFE_S = 120;
/**
 * Nothing observed makes a call cheaper or dearer than these multiples of what is known beforehand:
 * callers may all have been silent, or another's work may have been taken for theirs.
 */
const CHEAPEST = 0.4;
const DEAREST = 4;

/** A learned cost. */
export class CostOfACall {
  readonly #priorMs: number;
  /** Milliseconds of the resource, and seconds of calls, that were seen; both fade. */
  #usedMs = 0;
  #callSeconds = 0;

  /** @param priorMs milliseconds of the resource that a call is known to use a second. */
  constructor(priorMs: number) {
    this.#priorMs = priorMs;
  }

  /** Milliseconds a second. */
  get ms(): number {
    const mean = (this.#priorMs * PRIOR_CALL_SECONDS + this.#usedMs) /
      (PRIOR_CALL_SECONDS + this.#callSeconds);
    return Math.min(DEAREST * this.#priorMs, Math.max(CHEAPEST * this.#priorMs, mean));
  }

  /** For `seconds`, `calls` have together used `msPerSecond`. */
  learn(msPerSecond: number, calls: number, seconds: number): void {
    const kept = 0.5 ** (seconds / HALF_LIFE_S);
    this.#usedMs = kept * this.#usedMs + Math.max(0, msPerSecond) * seconds;
    this.#callSeconds = kept * this.#callSeconds + calls * seconds;
  }
}

/** A mean that follows a changing value. */
export class Smoothed {
  readonly #overMs: number;
  #value: number | undefined;

  /** @param overMs how long a change takes to show by two thirds. */
  constructor(overMs: number) {
    this.#overMs = overMs;
  }

  /** Undefined before the first value. */
  get value(): number | undefined {
    return this.#value;
  }

  /** The value was this for `ms`. */
  add(value: number, ms: number): void {
    const weight = 1 - Math.exp(-ms / this.#overMs);
    this.#value = this.#value === undefined ? value : this.#value + weight * (value - this.#value);
  }
}
