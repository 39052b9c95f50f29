// Speech models may hallucinate words in noise ("Thank you."). This tells hallucinations from what a
// caller said by the amount of sound and the model's confidence.

import type { Recognition } from "./moonshine.ts";

/** The shortest word ("no") is longer than this. */
const SHORTEST_WORD_MS = 60;
/**
 * A lower mean log-probability is a guess. Recorded prompts at telephone band, quiet (-37 dBFS) and
 * noisy ones included, stayed above -1.3.
 */
const GUESS_CONFIDENCE = -1.6;
/** Phrases that models like to hallucinate must be surer than this; spoken ones are above -0.3. */
const SUSPECT_CONFIDENCE = -0.5;
const SUSPECTS = new Set(["you", "thank you", "thanks", "bye", "thanks for watching", "oh", "so"]);

/**
 * Whether a recognition is more likely the model's hallucination than a caller's words, given how
 * long there was sound.
 */
export function isLikelyHallucinated(recognition: Recognition, loudMs: number): boolean {
  const words = recognition.text.toLowerCase().replace(/[^\p{L}\s]/gu, "").trim();
  return loudMs < SHORTEST_WORD_MS ||
    recognition.confidence < GUESS_CONFIDENCE ||
    SUSPECTS.has(words) && recognition.confidence < SUSPECT_CONFIDENCE;
}
