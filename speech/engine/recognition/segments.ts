// Where to cut long speech for a recogniser that likes segments of a few seconds: at pauses.

import { levelDbfs, samplesIn } from "../../../media/frame.ts";

const STEP_SAMPLES = samplesIn(10);
/** A pause is cut only behind this much speech: context helps the recogniser. */
const SHORTEST_SEGMENT_MS = 5000;
/** Without a pause, the quietest place before this is cut. */
const LONGEST_SEGMENT_MS = 20_000;
/** Quiet for this long is a pause between phrases, not between words. */
const PAUSE_MS = 350;
/** Quiet means this much under the loudest part of the segment, or under the absolute floor. */
const QUIET_BELOW_PEAK_DB = 30;
const QUIET_DBFS = -55;

/**
 * Cuts 16 kHz speech into segments, each ending within a pause. All but the last are settled: more
 * audio behind will not move their borders.
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

/** Where the first segment of `pcm` ends, or undefined when all of it is still one segment. */
function findCut(pcm: Int16Array): number | undefined {
  const levels: number[] = [];
  for (let at = 0; at + STEP_SAMPLES <= pcm.length; at += STEP_SAMPLES) {
    levels.push(levelDbfs(pcm.subarray(at, at + STEP_SAMPLES)));
  }
  const firstStep = SHORTEST_SEGMENT_MS / 10;
  const pauseSteps = PAUSE_MS / 10;
  let loudest = -Infinity;
  let quietSteps = 0;
  for (let step = 0; step < levels.length; step++) {
    loudest = Math.max(loudest, levels[step]!);
    const quiet = levels[step]! < Math.max(QUIET_DBFS, loudest - QUIET_BELOW_PEAK_DB);
    quietSteps = quiet ? quietSteps + 1 : 0;
    if (step >= firstStep && quietSteps >= pauseSteps) {
      return (step + 1 - Math.floor(pauseSteps / 2)) * STEP_SAMPLES;
    }
  }
  if (pcm.length < samplesIn(LONGEST_SEGMENT_MS)) return undefined;
  return quietestStep(levels, LONGEST_SEGMENT_MS / 20) * STEP_SAMPLES;
}

/** The middle of the quietest 100 ms behind step `from`. */
function quietestStep(levels: readonly number[], from: number): number {
  const width = 10;
  let best = from;
  let bestLevel = Infinity;
  for (let step = from; step + width <= levels.length; step++) {
    const level = Math.max(...levels.slice(step, step + width));
    if (level < bestLevel) [best, bestLevel] = [step, level];
  }
  return best + width / 2;
}
