// Joins the texts of pieces of one recording, where a piece may begin with the end of the one before.

/** The most words that an overlap can repeat: it lasts a second at most. */
const LONGEST_REPEAT_WORDS = 6;
/** Equal words in the middle of a seam that have this many letters prove it. */
const ANCHOR_LETTERS = 4;
/** Shorter remains of a word do not count as part of it. */
const SHORTEST_PART_LETTERS = 2;

/** Joins texts that do not overlap. */
export function joinTexts(texts: readonly string[]): string {
  return texts.map((text) => text.trim()).filter((text) => text !== "").join(" ");
}

/**
 * Joins the texts of two pieces whose audio overlaps a little. Words that both have at the seam are
 * kept once, and a word that was cut in two is put back together:
 * "узнать сто" + "стоимость машины" and "узнать стоим" + "оимость машины" both give
 * "узнать стоимость машины".
 */
export function stitch(first: string, second: string): string {
  const left = words(first);
  const right = words(second);
  if (left.length === 0 || right.length === 0) return joinTexts([first, second]);
  const most = Math.min(LONGEST_REPEAT_WORDS, left.length, right.length);
  for (let count = most; count > 1; count--) {
    if (sameWords(left.slice(-count).map(bare), right.slice(0, count).map(bare))) {
      // The seam's first word is whole in the first text, its last word in the second.
      return joinTexts([...left.slice(0, 1 - count), ...right.slice(1)]);
    }
  }
  const whole = wordFrom(left.at(-1)!, right[0]!);
  return joinTexts(whole ? [...left.slice(0, -1), whole, ...right.slice(1)] : [...left, ...right]);
}

/** Whether these are the same words, but for the first and the last, which the cuts may have spoiled. */
function sameWords(tail: readonly string[], head: readonly string[]): boolean {
  const inner = tail.slice(1, -1);
  if (!inner.every((word, i) => word === head[i + 1])) return false;
  if (inner.join("").length >= ANCHOR_LETTERS) return true;
  return isPart(head[0]!) && tail[0]!.endsWith(head[0]!) &&
    isPart(tail.at(-1)!) && head.at(-1)!.startsWith(tail.at(-1)!);
}

/** The word that both sides have, or that was cut in two. */
function wordFrom(cutWord: string, restWord: string): string | undefined {
  const [cut, rest] = [bare(cutWord), bare(restWord)];
  for (let count = Math.min(cut.length, rest.length); count >= SHORTEST_PART_LETTERS; count--) {
    if (!cut.endsWith(rest.slice(0, count))) continue;
    return count === cut.length ? restWord : cutWord.slice(0, cut.length - count) + restWord;
  }
  return undefined;
}

function isPart(word: string): boolean {
  return word.length >= SHORTEST_PART_LETTERS;
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

/** A word without case and punctuation. */
function bare(word: string): string {
  return word.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}
