// Loudness over time.

import { levelDbfs, samplesIn } from "../../../media/frame.ts";

/** The time between two levels. */
export const LEVEL_STEP_MS = 10;
/** The same, in samples. */
export const LEVEL_STEP_SAMPLES: number = samplesIn(LEVEL_STEP_MS);

/** The level, in dBFS, of each whole step of 16 kHz audio. */
export function levelsOf(pcm: Int16Array): number[] {
  const levels: number[] = [];
  for (let at = 0; at + LEVEL_STEP_SAMPLES <= pcm.length; at += LEVEL_STEP_SAMPLES) {
    levels.push(levelDbfs(pcm.subarray(at, at + LEVEL_STEP_SAMPLES)));
  }
  return levels;
}
