// The 20 ms beat of a transport whose playout clock is ours: it does not drift, and catches up after
// a late wake-up without a burst.

import { FRAME_MS } from "../frame.ts";

/** A clock and its timers; tests bring their own. */
export interface TimeSource {
  /** Monotonic milliseconds. */
  now(): number;
  /** Calls `run` after `ms` milliseconds, unless the returned function is called before. */
  after(ms: number, run: () => void): () => void;
}

/** The machine's own time. */
export const SYSTEM_TIME: TimeSource = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** One beat. */
export interface Beat {
  /** How long after its due time the beat came, in milliseconds. */
  readonly lateMs: number;
  /** Beats skipped before this one because catching up would have taken too long. */
  readonly skipped: number;
}

/** The shortest time between two frames, even when one was late. */
const SHORTEST_GAP_MS = FRAME_MS / 2;

/**
 * Lateness up to this is caught up by beating at double pace. Anything beyond is skipped, since a
 * PBX that ran dry for that long has already played the gap.
 */
const LONGEST_CATCH_UP_MS = 5 * FRAME_MS;

/** Timers may fire early; by less than this, another timer is not worth it. */
const EARLY_ENOUGH_MS = 1;

/** Beats every 20 ms, on a grid set by `start`, until disposed. */
export class FrameClock implements Disposable {
  readonly #onBeat: (beat: Beat) => void;
  readonly #time: TimeSource;
  #dueAt = 0;
  #cancelTimer = () => {};

  constructor(onBeat: (beat: Beat) => void, time: TimeSource = SYSTEM_TIME) {
    this.#onBeat = onBeat;
    this.#time = time;
  }

  /** Sets the grid: the first beat comes in 20 ms. */
  start(): void {
    this.#dueAt = this.#time.now() + FRAME_MS;
    this.#sleep(FRAME_MS);
  }

  [Symbol.dispose](): void {
    this.#cancelTimer();
  }

  #sleep(ms: number): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#time.after(ms, () => this.#wake());
  }

  #wake(): void {
    const now = this.#time.now();
    const lateMs = now - this.#dueAt;
    if (lateMs < -EARLY_ENOUGH_MS) return this.#sleep(-lateMs);

    const skipped = lateMs > LONGEST_CATCH_UP_MS ? Math.floor(lateMs / FRAME_MS) : 0;
    this.#dueAt += (skipped + 1) * FRAME_MS;
    // The next timer comes first: a beat that stops the clock must find it to cancel.
    this.#sleep(Math.max(this.#dueAt - now, SHORTEST_GAP_MS));
    this.#onBeat({ lateMs, skipped });
  }
}
