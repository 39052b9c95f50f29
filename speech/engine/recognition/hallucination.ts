// Speech models may answer noise with words of their own ("Thank you."). This tells such
// inventions from what a caller said, by how much sound there was and how sure the model is.

import type { Recognition } from "./moonshine.ts";
import type { AudibleSpan } from "./audible_span.ts";

/** The shortest word ("no") is longer than this. */
const SHORTEST_WORD_MS = 60;
/**
 * Less sure than this, on average over the tokens, is a guess. Recorded prompts at telephone band,
 * quiet (-37 dBFS) and noisy included, stayed above -1.3.
 */
const GUESS_CONFIDENCE = -1.6;
/** A phrase that models like to invent must be surer than this; spoken ones are above -0.3. */
const SUSPECT_CONFIDENCE = -0.5;
const SUSPECTS = new Set(["you", "thank you", "thanks", "bye", "thanks for watching", "oh", "so"]);

/** Whether a recognition is more likely the model's invention than a caller's words. */
export function isLikelyHallucinated(recognition: Recognition, sound: AudibleSpan): boolean {
  const words = recognition.text.toLowerCase().replace(/[^\p{L}\s]/gu, "").trim();
  return sound.loudMs < SHORTEST_WORD_MS ||
    recognition.confidence < GUESS_CONFIDENCE ||
    SUSPECTS.has(words) && recognition.confidence < SUSPECT_CONFIDENCE;
}
