// Cuts long speech at its pauses, for a recogniser that works best on segments of a few seconds.

import { samplesIn } from "../../../media/frame.ts";
import { LEVEL_STEP_MS, LEVEL_STEP_SAMPLES, levelsOf } from "./levels.ts";

/** A segment is at least this long: context helps the recogniser. */
const SHORTEST_SEGMENT_MS = 5000;
/** Speech without a pause is cut at the quietest place before this. */
const LONGEST_SEGMENT_MS = 20_000;
/** A shorter quiet is a pause between words, not between phrases. */
const PAUSE_MS = 350;
/** Quiet is this far below the loudest part of the segment, or below the absolute floor. */
const QUIET_BELOW_PEAK_DB = 30;
const QUIET_DBFS = -55;

/**
 * Cuts 16 kHz speech into segments, each ending within a pause. All but the last are settled: audio
 * that follows does not move their ends.
 *
 * @returns the end of each segment, in samples; the last is `pcm.length`.
 */
export function cutAtPauses(pcm: Int16Array): number[] {
  const ends: number[] = [];
  let start = 0;
  for (;;) {
    const end = findCut(pcm.subarray(start, start + samplesIn(LONGEST_SEGMENT_MS)));
    if (end === undefined) break;
    start += end;
    ends.push(start);
  }
  ends.push(pcm.length);
  return ends;
}

/** The end of the first segment, in samples; undefined while all of `pcm` is one segment. */
function findCut(pcm: Int16Array): number | undefined {
  const levels = levelsOf(pcm);
  const firstStep = SHORTEST_SEGMENT_MS / LEVEL_STEP_MS;
  const pauseSteps = PAUSE_MS / LEVEL_STEP_MS;
  let loudest = -Infinity;
  let quietSteps = 0;
  for (let step = 0; step < levels.length; step++) {
    loudest = Math.max(loudest, levels[step]!);
    const quiet = levels[step]! < Math.max(QUIET_DBFS, loudest - QUIET_BELOW_PEAK_DB);
    quietSteps = quiet ? quietSteps + 1 : 0;
    if (step >= firstStep && quietSteps >= pauseSteps) {
      return (step + 1 - Math.floor(pauseSteps / 2)) * LEVEL_STEP_SAMPLES;
    }
  }
  if (pcm.length < samplesIn(LONGEST_SEGMENT_MS)) return undefined;
  return quietestStep(levels, LONGEST_SEGMENT_MS / LEVEL_STEP_MS / 2) * LEVEL_STEP_SAMPLES;
}

/** The step in the middle of the quietest 100 ms behind step `from`. */
function quietestStep(levels: readonly number[], from: number): number {
  const width = 100 / LEVEL_STEP_MS;
  let best = from;
  let bestLevel = Infinity;
  for (let step = from; step + width <= levels.length; step++) {
    const level = Math.max(...levels.slice(step, step + width));
    if (level < bestLevel) [best, bestLevel] = [step, level];
  }
  return best + width / 2;
}
