// How long a model may keep silent before and within its answer.

/** The timeout for the next piece of an answer. Its signal also aborts with the outer one. */
export class Deadline<Fault> {
  readonly #timeout = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly signal: AbortSignal;
  /** The fault of the timeout that expired. */
  passed: Fault | undefined;

  constructor(outer: AbortSignal) {
    this.signal = AbortSignal.any([outer, this.#timeout.signal]);
  }

  /** From now on, silence of `ms` milliseconds is `fault`, and aborts the signal. */
  set(ms: number, fault: Fault): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.passed = fault;
      this.#timeout.abort();
    }, ms);
  }

  /** No piece is waited for any longer. */
  clear(): void {
    clearTimeout(this.#timer);
  }
}
