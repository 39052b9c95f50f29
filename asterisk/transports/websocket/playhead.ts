// How far the PBX is with playing what it was given, where the PBX owns the clock: an estimate
// that runs on our clock and is put right by what the PBX reports.

import { FRAME_MS } from "../../../media/frame.ts";

/** The playout of one media channel: one frame every 20 ms while there is one and it is not paused. */
export class Playhead {
  readonly #now: () => number;
  #framesGiven = 0;
  /** When the last frame given will have been played; of no meaning while paused. */
  #emptyAt = 0;
  /** What was left to play when playout was paused, in ms. */
  #pausedWithMs: number | undefined;

  /** @param now a clock in ms that never goes back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Frames given to the PBX so far: the position of a mark sent now. */
  get position(): number {
    return this.#framesGiven;
  }

  /** What the PBX has still to play, in ms. */
  get remainingMs(): number {
    return this.#pausedWithMs ?? Math.max(0, this.#emptyAt - this.#now());
  }

  /** One more frame was given to the PBX. */
  give(): void {
    this.#framesGiven++;
    this.remainsMs(this.remainingMs + FRAME_MS);
  }

  /** The PBX reports that it has just played all that was given before `position`. */
  played(position: number): void {
    this.remainsMs((this.#framesGiven - position) * FRAME_MS);
  }

  /** The PBX reports that this much is left. */
  remainsMs(ms: number): void {
    if (this.#pausedWithMs !== undefined) this.#pausedWithMs = ms;
    else this.#emptyAt = this.#now() + ms;
  }

  pause(): void {
    this.#pausedWithMs ??= this.remainingMs;
  }

  resume(): void {
    if (this.#pausedWithMs === undefined) return;
    this.#emptyAt = this.#now() + this.#pausedWithMs;
    this.#pausedWithMs = undefined;
  }
}
