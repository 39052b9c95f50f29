// Time that a test moves by hand: what takes a minute on the clock takes no time in the test.

import type { TimeSource } from "../media/playout/frame_clock.ts";

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** A `TimeSource` that stands still until `advance`. */
export class ManualTime implements TimeSource {
  #now = 0;
  #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Lets `ms` milliseconds pass and runs the timers that fall due, in order. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = Math.max(this.#now, end);
  }

  /** Lets `ms` milliseconds pass during which no timer runs, as in a busy isolate. */
  stall(ms: number): void {
    this.#now += ms;
    this.advance(0);
  }

  /** Number of timers neither run nor cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  #next(end: number): Timer | undefined {
    const due = [...this.#timers].filter((timer) => timer.at <= end);
    return due.sort((a, b) => a.at - b.at)[0];
  }
}
