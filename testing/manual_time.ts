// Time that tests move by hand, so that what must take a minute is checked in no time at all.

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

  /** Lets `ms` milliseconds pass, running what falls due in its order. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = end;
  }

  /** Lets `ms` milliseconds pass in which nothing could run, as when the isolate was busy. */
  stall(ms: number): void {
    this.#now += ms;
    this.advance(0);
  }

  /** Timers not yet run or cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  #next(end: number): Timer | undefined {
    const due = [...this.#timers].filter((timer) => timer.at <= end);
    return due.sort((a, b) => a.at - b.at)[0];
  }
}
