// A recogniser for any language that knows in advance what may be said: it tells phrases apart by their
// loudness contour, which a telephone line preserves. For test services in calls with real voices, where
// tones would not pass for speech.

import { levelDbfs, type Pcm, samplesIn } from "../../../media/frame.ts";

const STEP_MS = 20;
/** Silence is this much below the loudest. */
const SILENCE_DB = 30;
/** The similarity of two contours of the same words. */
const ALIKE = 0.75;
/** A shorter part of a phrase could belong to any phrase. */
const SHORTEST_MS = 300;

/** A phrase that may be said. */
export interface ScriptedPhrase {
  readonly text: string;
  /** The caller's audio, 16 kHz. */
  readonly pcm: Pcm;
}

interface KnownPhrase {
  readonly words: readonly string[];
  readonly course: readonly number[];
}

interface Match {
  readonly likeness: number;
  readonly phrase: KnownPhrase;
  /** Where the audio starts and ends within the phrase, 0 to 1. */
  readonly from: number;
  readonly to: number;
}

/** Recognises the phrases of a script. */
export class ScriptedEar {
  readonly #phrases: readonly KnownPhrase[];

  constructor(script: readonly ScriptedPhrase[]) {
    this.#phrases = script.map(({ text, pcm }) => ({
      words: text.split(/\s+/).filter((word) => /\p{L}|\p{N}/u.test(word)),
      course: courseOf(pcm),
    }));
  }

  /** The text of the audio: a phrase, or the words of the part of it that was said; else empty. */
  hear(pcm: Pcm): string {
    const heard = courseOf(pcm);
    if (heard.length * STEP_MS < SHORTEST_MS) return "";
    const matches = this.#phrases.map((phrase) => bestMatch(heard, phrase));
    const best = matches.reduce((best, match) => match.likeness > best.likeness ? match : best);
    return best.likeness < ALIKE ? "" : wordsBetween(best).join(" ").replace(/[.?!,]+$/, "");
  }
}

/** Where in a phrase this part fits best; a little may be missing at either end. */
function bestMatch(heard: readonly number[], phrase: KnownPhrase): Match {
  const { course } = phrase;
  let best: Match = { likeness: -1, phrase, from: 0, to: 0 };
  const slack = 4;
  for (let at = -slack; at <= course.length - heard.length + slack; at++) {
    const known = course.slice(Math.max(0, at), at + heard.length);
    const part = heard.slice(Math.max(0, -at), Math.max(0, -at) + known.length);
    if (part.length < heard.length * 0.9) continue;
    const likeness = correlation(part, known);
    if (likeness <= best.likeness) continue;
    const from = Math.max(0, at) / course.length;
    best = { likeness, phrase, from, to: from + known.length / course.length };
  }
  return best;
}

/** The words whose middle was said, judged by the lengths of the words. */
function wordsBetween({ phrase, from, to }: Match): string[] {
  const letters = phrase.words.reduce((sum, word) => sum + word.length, 0);
  let before = 0;
  return phrase.words.filter((word) => {
    const middle = (before + word.length / 2) / letters;
    before += word.length;
    return middle > from && middle < to;
  });
}

/** The loudness of each step without the silence at both ends; 0 is silence, 1 the loudest. */
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
