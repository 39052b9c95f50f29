// What the calls use of one resource, now and once those have settled that have just been taken.
// Callers begin to speak seconds after their call: until then a call counts with what it will cost.

import { CostOfACall, Smoothed } from "./cost_of_a_call.ts";

/** A mean of this time evens out who happens to speak, and is young enough to refuse by. */
const PRESENT_OVER_MS = 4000;
/** A present that was last seen longer ago says nothing. */
const PRESENT_FOR_MS = 10_000;
/** Among so many settled calls this share may be new without spoiling what is learned. */
const FEW_NEW = 0.2;

/** The calls of a moment. */
export interface CallsNow {
  readonly live: number;
  /** Of these, taken so recently that they do not use what they will use. */
  readonly young: number;
  /** Isolates are being started: what that costs is over in a moment, and no call's. */
  readonly startingUp: boolean;
}

/** The demand for one resource. Milliseconds of it a second throughout. */
export class Demand {
  readonly mostMs: number;
  readonly #besideMs: number;
  readonly #cost: CostOfACall;
  readonly #present = new Smoothed(PRESENT_OVER_MS);
  #presentAt = -Infinity;
  /** What the service uses without calls. */
  readonly #idle = new Smoothed(30_000);

  /**
   * @param known what a call is known to use, what others use for it that cannot be measured from here,
   *   and the most that all may use.
   */
  constructor(
    known: { readonly callMs: number; readonly besideMs?: number; readonly mostMs: number },
  ) {
    this.mostMs = known.mostMs;
    this.#besideMs = known.besideMs ?? 0;
    this.#cost = new CostOfACall(known.callMs);
  }

  /** What a settled call uses. */
  get callMs(): number {
    return this.#cost.ms;
  }

  /** Over the `ms` milliseconds until `now`, `usedMs` a second were used. */
  used(usedMs: number, ms: number, calls: CallsNow, now: number): void {
    if (calls.startingUp) return;
    this.#present.add(usedMs, ms);
    this.#presentAt = now;
    if (calls.live === 0) this.#idle.add(usedMs, ms);
    else if (calls.young <= FEW_NEW * calls.live) {
      this.#cost.learn(usedMs - (this.#idle.value ?? 0), calls.live, ms / 1000);
    }
  }

  /** What will be used once all calls have settled, and `more` with them, by us and beside us. */
  predictedMs(calls: CallsNow, more: number, now: number): number {
    const byCost = (this.#idle.value ?? 0) + (calls.live + more) * this.callMs;
    const present = now - this.#presentAt <= PRESENT_FOR_MS ? this.#present.value : undefined;
    const beside = (calls.live + more) * this.#besideMs;
    return beside + Math.max(byCost, (present ?? 0) + (calls.young + more) * this.callMs);
  }

  /** How many more calls fit. */
  roomFor(calls: CallsNow, now: number): number {
    const free = this.mostMs - this.predictedMs(calls, 0, now);
    return Math.max(0, Math.floor(free / (this.callMs + this.#besideMs)));
  }
}
