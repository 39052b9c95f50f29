// How far the PBX has played what it was given, where the PBX owns the playout clock: an estimate
// that runs on our clock and is corrected by what the PBX reports.

import { FRAME_MS } from "../../../media/frame.ts";

/** The playout of one media channel: a frame every 20 ms, unless it is paused or empty. */
export class Playhead {
  readonly #now: () => number;
  #framesGiven = 0;
  /** When the last frame given will have been played; meaningless while paused. */
  #emptyAt = 0;
  /** What remained to be played when playout was paused, in ms. */
  #pausedWithMs: number | undefined;

  /** @param now a monotonic clock in ms. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Frames given to the PBX so far: the position of a mark sent now. */
  get position(): number {
    return this.#framesGiven;
  }

  /** What remains to be played, in ms. */
  get remainingMs(): number {
    return this.#pausedWithMs ?? Math.max(0, this.#emptyAt - this.#now());
  }

  /** One more frame was given to the PBX. */
  give(): void {
    this.#framesGiven++;
    this.remainsMs(this.remainingMs + FRAME_MS);
  }

  /** The PBX reports that it has just played everything given before `position`. */
  played(position: number): void {
    this.remainsMs((this.#framesGiven - position) * FRAME_MS);
  }

  /** The PBX reports that this much remains. */
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
