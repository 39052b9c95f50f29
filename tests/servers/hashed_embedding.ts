// A deterministic stand-in for a provider's embeddings: character 3-grams and 4-grams of each word, hashed
// into a unit vector. It knows spelling, not meaning, so it measures the store, and a lower bound of what a
// model's embeddings would find.

/** Its name wherever its figures are printed. */
export const HASHED_EMBEDDING = "hashed character 3- and 4-grams, 512 numbers";

const DIMENSION = 512;

/** The embedding of `text`: a vector of `dimension` numbers, of length 1 if the text contains letters. */
export function hashedEmbedding(text: string, dimension = DIMENSION): number[] {
  const vector = new Array<number>(dimension).fill(0);
  for (const word of text.toLowerCase().replaceAll("ё", "е").match(/[\p{L}\d]+/gu) ?? []) {
    if (word.length < 3 && !/\d/.test(word)) continue;
    const padded = `<${word}>`;
    for (const size of [3, 4]) {
      for (let i = 0; i + size <= padded.length; i++) {
        const hashed = fnv1a(padded.slice(i, i + size));
        vector[hashed % dimension]! += hashed & 0x8000_0000 ? 1 : -1;
      }
    }
  }
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}

/** FNV-1a, 32 bits. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}
