// Where in a stretch of audio there is sound, as opposed to the line's own noise.

import { LEVEL_STEP_MS, LEVEL_STEP_SAMPLES, levelsOf } from "./levels.ts";

/** Anything quieter is not speech, on any line. */
const SILENCE_DBFS = -55;
/** Speech stands out from the line's own noise by this much… */
const ABOVE_NOISE_DB = 8;
/** …but audio this close to the loudest part is sound even where the noise was never heard alone. */
const BELOW_PEAK_DB = 20;
/** A shorter sound is a click. */
const SHORTEST_SOUND_MS = 30;

/** The sound in a stretch of audio; positions in samples. */
export interface AudibleSpan {
  /** Time louder than the line's noise, in milliseconds; clicks do not count. */
  readonly loudMs: number;
  /** The first sample of the first sound and the one behind the last; both 0 when there is none. */
  readonly from: number;
  readonly to: number;
}

/** Finds the sound in 16 kHz audio. */
export function findAudibleSpan(pcm: Int16Array): AudibleSpan {
  const levels = levelsOf(pcm);
  const threshold = loudnessThreshold(levels);
  let span = { loudMs: 0, from: 0, to: 0 };
  let run = 0;
  for (let i = 0; i <= levels.length; i++) {
    if (i < levels.length && levels[i]! > threshold) {
      run++;
      continue;
    }
    if (run * LEVEL_STEP_MS >= SHORTEST_SOUND_MS) {
      span = {
        loudMs: span.loudMs + run * LEVEL_STEP_MS,
        from: span.loudMs === 0 ? (i - run) * LEVEL_STEP_SAMPLES : span.from,
        to: i * LEVEL_STEP_SAMPLES,
      };
    }
    run = 0;
  }
  return span;
}

/** The level, in dBFS, above which audio is sound. The noise is what the quietest tenth holds. */
function loudnessThreshold(levels: readonly number[]): number {
  const sorted = levels.toSorted((a, b) => a - b);
  const noise = sorted[Math.floor(levels.length / 10)] ?? -Infinity;
  const loudest = sorted.at(-1) ?? -Infinity;
  return Math.max(SILENCE_DBFS, Math.min(noise + ABOVE_NOISE_DB, loudest - BELOW_PEAK_DB));
}
