// Word error rate: how far a recognised text is from what was said.

import { toCardinal } from "n2words/en-US";
import { editDistance } from "../config/spelling/edit_distance.ts";

/** The two counts of a word error rate. */
export interface WordErrors {
  /** Words inserted, lost or replaced. */
  readonly errors: number;
  /** Words that were said. */
  readonly words: number;
}

/**
 * Share of wrong words: 0 is perfect, over 1 means that more was recognised than said. Case,
 * punctuation, hyphens, and digits for English numbers under a thousand make no difference.
 */
export function wordErrorRate(reference: string, hypothesis: string): number {
  const { errors, words } = wordErrors(reference, hypothesis);
  return words === 0 ? Math.min(1, errors) : errors / words;
}

/** The counts behind the rate: sum them over many texts. */
export function wordErrors(reference: string, hypothesis: string): WordErrors {
  const said = comparableWords(reference);
  const heard = comparableWords(hypothesis);
  return { errors: editDistance(said, heard), words: said.length };
}

function comparableWords(text: string): string[] {
  return text
    .toLowerCase()
    .replace(/['’]/g, "")
    .replace(/\d+/g, (digits) => ` ${numberInWords(digits)} `)
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
}

/** A longer number, such as a telephone's or a PIN, is read digit by digit. */
function numberInWords(digits: string): string {
  const spoken = digits.length > 3 ? [...digits] : [digits];
  return spoken.map((number) => toCardinal(Number(number))).join(" ");
}
