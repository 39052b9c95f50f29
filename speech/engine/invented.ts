// Speech models answer noise with words of their own ("Thank you."). This tells such inventions
// from what a caller said, by how much sound there was and how sure the model is.

import { levelDbfs, samplesIn } from "../../media/frame.ts";
import type { Recognition } from "./moonshine.ts";

const STEP_MS = 10;
/** Under this nothing is speech, on any line. */
const SILENCE_DBFS = -55;
/** Speech stands out from the line's own noise by this much. */
const ABOVE_NOISE_DB = 8;
/** The shortest word ("no") is longer than this. */
const SHORTEST_WORD_MS = 60;
/** Less sure than this, on average over the tokens, is a guess. */
const GUESS_CONFIDENCE = -1.6;
/** A phrase that models like to invent must be surer than this. */
const SUSPECT_CONFIDENCE = -0.5;
const SUSPECTS = new Set(["you", "thank you", "thanks", "bye", "thanks for watching", "oh", "so"]);

/** What there is in a segment besides the line's noise. */
export interface SpeechEvidence {
  /** Time louder than silence and than the line's noise, in milliseconds. */
  readonly loudMs: number;
}

/** Measures 16 kHz audio. */
export function speechEvidence(pcm: Int16Array): SpeechEvidence {
  const step = samplesIn(STEP_MS);
  const levels: number[] = [];
  for (let at = 0; at + step <= pcm.length; at += step) {
    levels.push(levelDbfs(pcm.subarray(at, at + step)));
  }
  const noise = levels.toSorted((a, b) => a - b)[Math.floor(levels.length / 10)] ?? -Infinity;
  const loud = Math.max(SILENCE_DBFS, noise + ABOVE_NOISE_DB);
  return { loudMs: levels.filter((level) => level > loud).length * STEP_MS };
}

/** Whether a recognition is more likely the model's invention than a caller's words. */
export function isLikelyInvented(recognition: Recognition, evidence: SpeechEvidence): boolean {
  const words = recognition.text.toLowerCase().replace(/[^\p{L}\s]/gu, "").trim();
  return evidence.loudMs < SHORTEST_WORD_MS ||
    recognition.confidence < GUESS_CONFIDENCE ||
    SUSPECTS.has(words) && recognition.confidence < SUSPECT_CONFIDENCE;
}
