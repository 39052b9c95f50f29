// Loudness contours: what was said is recognised by them without a model, and by dynamic time warping
// even where time got lost, because a busy machine made frames late or pauses longer.

/** Silence is this much below the loudest. */
const SILENCE_DB = 30;
/** Sound at either end of a contour is at least this loud. */
const EDGE = 0.3;
/** What a step of lost or added time costs, beside the difference in loudness (0 to 1). */
const WARP = 0.1;

/** Levels in dBFS as loudness, 0 (silence) to 1 (the loudest), without the silence at both ends. */
export function contourOf(levels: ArrayLike<number>): Float32Array {
  const course = Float32Array.from(levels);
  const floor = course.reduce((most, level) => Math.max(most, level), -Infinity) - SILENCE_DB;
  const loudness = course.map((level) => Math.max(0, (level - floor) / SILENCE_DB));
  const first = loudness.findIndex((level) => level > EDGE);
  const last = loudness.findLastIndex((level) => level > EDGE);
  return first < 0 ? new Float32Array(0) : loudness.slice(first, last + 1);
}

/** How a contour fits into another one. */
export interface Fit {
  /** The mean cost of a step: 0 is equal; Infinity where there is nothing to compare. */
  readonly cost: number;
  /** Where in the other one it ends, 0 to 1. */
  readonly end: number;
}

/** The best way of `heard` through the beginning of `phrase`, of which the share `lateStart` may be missing. */
export function fit(heard: Float32Array, phrase: Float32Array, lateStart: number): Fit {
  const width = phrase.length;
  if (heard.length === 0 || width === 0) return { cost: Infinity, end: 0 };
  let above = new Float32Array(width).fill(Infinity).fill(0, 0, Math.floor(width * lateStart) + 1);
  let row = new Float32Array(width);
  for (const level of heard) {
    for (let j = 0; j < width; j++) {
      const step = Math.min(
        j > 0 ? above[j - 1]! : Infinity,
        above[j]! + WARP,
        j > 0 ? row[j - 1]! + WARP : Infinity,
      );
      row[j] = step + Math.abs(level - phrase[j]!);
    }
    [above, row] = [row, above];
  }
  const end = above.reduce((at, cost, j) => cost < above[at]! ? j : at, 0);
  return { cost: above[end]! / heard.length, end: (end + 1) / width };
}
