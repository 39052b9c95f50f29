// Where in a stretch of audio there is sound, as opposed to the line's own noise.

import { levelDbfs, samplesIn } from "../../../media/frame.ts";

const STEP_MS = 10;
/** Under this nothing is speech, on any line. */
const SILENCE_DBFS = -55;
/** Speech stands out from the line's own noise by this much… */
const ABOVE_NOISE_DB = 8;
/** …but what is this close to the loudest part is sound even where no noise was heard alone. */
const BELOW_PEAK_DB = 20;
/** Shorter than this is a click. */
const SHORTEST_SOUND_MS = 30;

/** The sound in a stretch of audio. */
export interface AudibleSpan {
  /** Time louder than the line's noise, in milliseconds; clicks do not count. */
  readonly loudMs: number;
  /** First sample of the first sound, and the one behind the last; both 0 when there is none. */
  readonly from: number;
  readonly to: number;
}

/** Finds the sound in 16 kHz audio. */
export function findAudibleSpan(pcm: Int16Array): AudibleSpan {
  const step = samplesIn(STEP_MS);
  const levels: number[] = [];
  for (let at = 0; at + step <= pcm.length; at += step) {
    levels.push(levelDbfs(pcm.subarray(at, at + step)));
  }
  const sorted = levels.toSorted((a, b) => a - b);
  const noise = sorted[Math.floor(levels.length / 10)] ?? -Infinity;
  const loudest = sorted.at(-1) ?? -Infinity;
  const loud = Math.max(SILENCE_DBFS, Math.min(noise + ABOVE_NOISE_DB, loudest - BELOW_PEAK_DB));
  let sound = { loudMs: 0, from: 0, to: 0 };
  let run = 0;
  for (let i = 0; i <= levels.length; i++) {
    if (i < levels.length && levels[i]! > loud) {
      run++;
      continue;
    }
    if (run * STEP_MS >= SHORTEST_SOUND_MS) {
      sound = {
        loudMs: sound.loudMs + run * STEP_MS,
        from: sound.loudMs === 0 ? (i - run) * step : sound.from,
        to: i * step,
      };
    }
    run = 0;
  }
  return sound;
}
