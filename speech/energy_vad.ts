// Voice activity by loudness alone: what a call falls back to while the speech engine is away.

import { levelDbfs, type Pcm } from "../media/frame.ts";

/** Quieter than this is never speech, on any line. */
const SILENCE_DBFS = -50;
/** Speech stands out from the noise floor by this much… */
const SPEECH_ABOVE_FLOOR_DB = 12;
/** …and the probability goes from 0 to 1 over this range around it. */
const RANGE_DB = 12;
/** The floor follows a quieter line at once, and a louder one by this much a window (32 ms)… */
const FLOOR_RISE_DB = 0.08;
/** …but no higher: a caller who talks without a pause must not become the floor. */
const HIGHEST_FLOOR_DBFS = -38;
/** Starting point, before anything was heard. */
const FIRST_FLOOR_DBFS = -60;

/** A detector with an adaptive noise floor. Give it every window, so that it knows the line. */
export class EnergyVad {
  #floorDbfs = FIRST_FLOOR_DBFS;

  /** Probability (0…1) that a window holds speech; 0.5 at `SPEECH_ABOVE_FLOOR_DB` above the floor. */
  probability(window: Pcm): number {
    const level = Math.max(-90, levelDbfs(window));
    this.#floorDbfs = level < this.#floorDbfs
      ? level + (this.#floorDbfs - level) / 2
      : Math.min(HIGHEST_FLOOR_DBFS, level, this.#floorDbfs + FLOOR_RISE_DB);
    const threshold = Math.max(SILENCE_DBFS, this.#floorDbfs + SPEECH_ABOVE_FLOOR_DB);
    return Math.max(0, Math.min(1, 0.5 + (level - threshold) / RANGE_DB));
  }

  /** Forgets the line. */
  reset(): void {
    this.#floorDbfs = FIRST_FLOOR_DBFS;
  }
}
