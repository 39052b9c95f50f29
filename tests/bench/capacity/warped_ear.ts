// A recogniser that knows what may be said and does not mind lost time: where frames come late, a
// comparison step by step would understand nothing, and a real recogniser does.

import { levelDbfs, type Pcm, samplesIn } from "../../../media/frame.ts";
import type { ScriptedPhrase } from "../../servers/speech/scripted_ear.ts";
import { contourOf, fit } from "./contour.ts";

const STEP_MS = 20;
/** A shorter part of a phrase could belong to any phrase. */
const SHORTEST_MS = 400;
/** The share of a phrase's beginning that may be missing. */
const LATE_START = 0.25;
/** The mean cost of a step up to which it is a phrase. */
const ALIKE = 0.25;

interface Known {
  readonly words: readonly string[];
  readonly course: Float32Array;
}

/** Recognises the phrases of a script, whole or their beginnings. */
export class WarpedEar {
  readonly #phrases: readonly Known[];

  constructor(script: readonly ScriptedPhrase[]) {
    this.#phrases = script.map(({ text, pcm }) => ({
      words: text.replace(/[.?!,]/g, "").split(/\s+/),
      course: courseOf(pcm),
    }));
  }

  /** The text of the audio (16 kHz): a phrase, or the words of it so far; else empty. */
  hear(pcm: Pcm): string {
    const heard = courseOf(pcm);
    if (heard.length * STEP_MS < SHORTEST_MS) return "";
    let best = { cost: ALIKE, words: [] as readonly string[] };
    for (const { words, course } of this.#phrases) {
      const { cost, end } = fit(heard, course, LATE_START);
      if (cost < best.cost) best = { cost, words: wordsUntil(words, end) };
    }
    return best.words.join(" ");
  }
}

/** The words whose middle was said, judged by the lengths of the words. */
function wordsUntil(words: readonly string[], end: number): string[] {
  const letters = words.reduce((sum, word) => sum + word.length, 0);
  let before = 0;
  return words.filter((word) => {
    const middle = (before + word.length / 2) / letters;
    before += word.length;
    return middle <= end;
  });
}

function courseOf(pcm: Pcm): Float32Array {
  const step = samplesIn(STEP_MS);
  return contourOf(
    Array.from(
      { length: Math.floor(pcm.length / step) },
      (_, i) => levelDbfs(pcm.subarray(i * step, (i + 1) * step)),
    ),
  );
}
