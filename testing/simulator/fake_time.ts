// Time that a test moves by hand: `performance.now` and `setTimeout` while it is in force.

/** Replaces the clock of this isolate until disposed. */
export class FakeTime implements Disposable {
  readonly #real = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    now: performance.now,
  };
  readonly #timers = new Map<number, { readonly at: number; readonly run: () => void }>();
  #serial = 0;
  #now = 0;

  constructor() {
    performance.now = () => this.#now;
    const setTimer = (run: () => void, ms = 0) => {
      this.#timers.set(++this.#serial, { at: this.#now + ms, run });
      return this.#serial;
    };
    globalThis.setTimeout = setTimer as unknown as typeof setTimeout;
    globalThis.clearTimeout = ((id: number) => this.#timers.delete(id)) as typeof clearTimeout;
  }

  get now(): number {
    return this.#now;
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets `ms` pass, running what becomes due, in order. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (let due = this.#next(until); due; due = this.#next(until)) {
      const [id, { at, run }] = due;
      this.#timers.delete(id);
      this.#now = Math.max(this.#now, at);
      run();
    }
    this.#now = Math.max(this.#now, until);
  }

  /** The process is busy for `ms`: time passes, and no timer runs. */
  sleepInside(ms: number): void {
    this.#now += ms;
  }

  [Symbol.dispose](): void {
    globalThis.setTimeout = this.#real.setTimeout;
    globalThis.clearTimeout = this.#real.clearTimeout;
    performance.now = this.#real.now;
  }

  #next(until: number) {
    return [...this.#timers].filter(([, { at }]) => at <= until)
      .sort(([, a], [, b]) => a.at - b.at)[0];
  }
}
