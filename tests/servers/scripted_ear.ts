// An ear for speech in any language that knows beforehand what may be said: it tells phrases
// apart by how their loudness goes up and down, which a telephone line leaves as it is. For test
// services in calls with real voices, where tones would not pass for speech.

import { levelDbfs, type Pcm, samplesIn } from "../../media/frame.ts";

const STEP_MS = 20;
/** Under the loudest by so much is silence. */
const SILENCE_DB = 30;
/** How alike two courses of loudness must be to be the same words. */
const ALIKE = 0.75;
/** Less than this of a phrase could be any phrase. */
const SHORTEST_MS = 300;

/** A phrase that may be said. */
export interface ScriptedPhrase {
  readonly text: string;
  /** 16 kHz, as the caller says it. */
  readonly pcm: Pcm;
}

interface KnownPhrase {
  readonly words: readonly string[];
  readonly course: readonly number[];
}

/** Hears the phrases of a script. */
export class ScriptedEar {
  readonly #phrases: readonly KnownPhrase[];

  constructor(script: readonly ScriptedPhrase[]) {
    this.#phrases = script.map(({ text, pcm }) => ({
      words: text.split(/\s+/).filter((word) => /\p{L}|\p{N}/u.test(word)),
      course: courseOf(pcm),
    }));
  }

  /** The text of this audio: a phrase, or as much of its beginning as was said; empty for none. */
  hear(pcm: Pcm): string {
    const heard = courseOf(pcm);
    if (heard.length * STEP_MS < SHORTEST_MS) return "";
    let best: { readonly likeness: number; readonly text: string } | undefined;
    for (const { words, course } of this.#phrases) {
      const likeness = likenessOf(heard, course.slice(0, heard.length));
      if (likeness < ALIKE || likeness <= (best?.likeness ?? 0)) continue;
      const share = Math.min(1, heard.length / course.length);
      // The last word is told by its end, so a phrase not quite at its end lacks it.
      const said = share > 0.93 ? words.length : Math.floor(words.length * share);
      best = { likeness, text: words.slice(0, said).join(" ").replace(/[.?!,]+$/, "") };
    }
    return best?.text ?? "";
  }
}

/** The loudness of each step, silence at both ends left out; 0 is silence, 1 the loudest. */
function courseOf(pcm: Pcm): number[] {
  const step = samplesIn(STEP_MS);
  const levels: number[] = [];
  for (let at = 0; at + step <= pcm.length; at += step) {
    levels.push(levelDbfs(pcm.subarray(at, at + step)));
  }
  const floor = levels.reduce((most, level) => Math.max(most, level), -Infinity) - SILENCE_DB;
  const course = levels.map((level) => Math.max(0, (level - floor) / SILENCE_DB));
  const first = course.findIndex((level) => level > 0.3);
  const last = course.findLastIndex((level) => level > 0.3);
  return first < 0 ? [] : course.slice(first, last + 1);
}

/** Correlation of two courses, the best of a few shifts: a line may begin a frame early or late. */
function likenessOf(heard: readonly number[], known: readonly number[]): number {
  let best = -1;
  for (let shift = -3; shift <= 3; shift++) {
    const a = heard.slice(Math.max(0, shift));
    const b = known.slice(Math.max(0, -shift));
    const length = Math.min(a.length, b.length);
    if (length < Math.max(heard.length, known.length) * 0.85) continue;
    best = Math.max(best, correlation(a.slice(0, length), b.slice(0, length)));
  }
  return best;
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const meanA = a.reduce((sum, value) => sum + value, 0) / a.length;
  const meanB = b.reduce((sum, value) => sum + value, 0) / b.length;
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]! - meanA, b[i]! - meanB];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa * bb || 1);
}
