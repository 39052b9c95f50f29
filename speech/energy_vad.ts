// Voice activity by loudness alone: the fallback while there is no speech engine.

import { levelDbfs, type Pcm } from "../media/frame.ts";

/** Anything quieter is never speech, on any line. */
const SILENCE_DBFS = -53;
/** Speech stands out from the noise floor by this much… */
const SPEECH_ABOVE_FLOOR_DB = 8;
/** …and the probability goes from 0 to 1 over this range around it. */
const RANGE_DB = 12;
/** The floor follows a line that gets quieter fast, one that gets louder by this much a window (32 ms)… */
const FLOOR_RISE_DB = 0.08;
/** …but no higher: a caller who talks without a pause must not become the floor. */
const HIGHEST_FLOOR_DBFS = -38;

/** A detector with an adaptive noise floor. It needs every window, to know the line. */
export class EnergyVad {
  /** Starts as the level of the first window, unless that is too loud for noise. */
  #floorDbfs: number | undefined;

  /** Probability (0…1) that a window holds speech; 0.5 at `SPEECH_ABOVE_FLOOR_DB` above the floor. */
  probability(window: Pcm): number {
    const level = Math.max(-90, levelDbfs(window));
    const before = this.#floorDbfs ?? Math.min(HIGHEST_FLOOR_DBFS, level);
    const floor = level < before
      ? level + (before - level) / 2
      : Math.min(HIGHEST_FLOOR_DBFS, level, before + FLOOR_RISE_DB);
    this.#floorDbfs = floor;
    const threshold = Math.max(SILENCE_DBFS, floor + SPEECH_ABOVE_FLOOR_DB);
    return Math.max(0, Math.min(1, 0.5 + (level - threshold) / RANGE_DB));
  }
}
