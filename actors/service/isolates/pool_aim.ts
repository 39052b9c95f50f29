// How many warm isolates the pool should hold: as many as callers came, at the worst of late, while
// one isolate was being made ready. It rises with the first calls of a wave and sinks after it.

/** The memory of a wave: after this time half of it is left. */
const HALF_LIFE_MS = 120_000;

/** Between which numbers the aim moves. */
export interface PoolBounds {
  /** CALL_POOL_SIZE: at any time. */
  readonly least: number;
  /** CALL_POOL_MAX: however fast callers come. Less than `least`, it means `least`. */
  readonly most: number;
}

/** The aim of one pool. All times are milliseconds of one clock, never running backwards. */
export class PoolAim {
  readonly #bounds: PoolBounds;
  /** When callers came, of late. */
  #arrivals: number[] = [];
  /** The most callers within one refill, and when it was that. */
  #peak = 0;
  #peakAt = 0;

  constructor({ least, most }: PoolBounds) {
    this.#bounds = { least, most: Math.max(least, most) };
  }

  /** A caller took an isolate at `now`; it takes `refillMs` until another is ready in its place. */
  arrived(now: number, refillMs: number): void {
    this.#arrivals = [...this.#arrivals.filter((at) => now - at < refillMs), now]
      .slice(-this.#bounds.most);
    if (this.#arrivals.length < this.#remembered(now)) return;
    this.#peak = this.#arrivals.length;
    this.#peakAt = now;
  }

  /** How many warm isolates are wanted at `now`, if so many calls can still come. */
  at(now: number, room: number): number {
    const { least, most } = this.#bounds;
    return Math.max(least, Math.min(most, room, Math.round(this.#remembered(now))));
  }

  #remembered(now: number): number {
    return this.#peak * 0.5 ** ((now - this.#peakAt) / HALF_LIFE_MS);
  }
}
