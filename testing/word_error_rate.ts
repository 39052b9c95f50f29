// Word error rate: how far a recognised text is from what was said.

import { editDistance } from "../config/edit_distance.ts";

/** Words that must be inserted, deleted or replaced, and words that were said. */
export interface WordErrors {
  readonly errors: number;
  readonly words: number;
}

/**
 * Share of wrong words (0 is perfect; over 1 when more was recognised than said). Case,
 * punctuation, hyphens and digits for English numbers under a thousand make no difference.
 */
export function wordErrorRate(reference: string, hypothesis: string): number {
  const { errors, words } = wordErrors(reference, hypothesis);
  return words === 0 ? Math.min(1, errors) : errors / words;
}

/** The counts behind the rate, to be summed over many texts. */
export function wordErrors(reference: string, hypothesis: string): WordErrors {
  const said = wordsOf(reference);
  const heard = wordsOf(hypothesis);
  return { errors: editDistance(said, heard), words: said.length };
}

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .replace(/['’]/g, "")
    .replace(/\d+/g, (digits) => ` ${numberInWords(digits)} `)
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
}

const ONES = [
  ..."zero one two three four five six seven eight nine ten eleven twelve thirteen".split(" "),
  ..."fourteen fifteen sixteen seventeen eighteen nineteen".split(" "),
];
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");

/** A longer number (a telephone's, a PIN) is read digit by digit. */
function numberInWords(digits: string): string {
  const value = Number(digits);
  if (digits.length > 3) return [...digits].map(numberInWords).join(" ");
  if (value < 20) return ONES[value]!;
  const rest = value % (value < 100 ? 10 : 100);
  const head = value < 100
    ? TENS[Math.floor(value / 10) - 2]!
    : `${ONES[Math.floor(value / 100)]} hundred`;
  return rest === 0 ? head : `${head} ${numberInWords(String(rest))}`;
}
