// Text as it is handed to a voice: only what can be spoken, in pieces a service takes.

/**
 * The part of a text that can be spoken: emoji, control characters, lone surrogates and markup
 * that a service would obey are gone, white space is single. Empty when there is nothing to say
 * (no letter and no digit).
 */
export function stripUnspeakable(text: string): string {
  const spoken = text.toWellFormed()
    .replace(/[\p{Extended_Pictographic}\u{1F1E6}-\u{1F1FF}\u{1F3FB}-\u{1F3FF}]/gu, " ")
    .replace(/[\u200d\ufe0e\ufe0f\u20e3\ufffd]/g, "")
    // SpeechKit obeys these in any text ("TTS markup"): emphasis, phonemes, pauses.
    .replace(/\*\*|\[\[.*?\]\]|<\[.*?\]>/g, " ")
    .replace(/[\p{Cc}\p{Z}]+/gu, " ")
    .trim();
  return /[\p{L}\p{N}]/u.test(spoken) ? spoken : "";
}

/**
 * Splits a text into pieces of at most `limit` characters: at sentence ends, else at commas and
 * the like, else between words, else (one endless word) anywhere but inside a character.
 * Joined with spaces, the pieces are the text's words, each once.
 */
export function splitText(text: string, limit: number): string[] {
  const pieces: string[] = [];
  let rest = text.trim();
  while (rest.length > limit) {
    const at = cutBefore(rest, limit);
    pieces.push(rest.slice(0, at).trimEnd());
    rest = rest.slice(at).trimStart();
  }
  if (rest.length > 0) pieces.push(rest);
  return pieces;
}

/** Ends of phrases by preference; a cut is made after the match. */
const PHRASE_ENDS = [/[.!?…]+["»)]*(?=\s)/g, /[;:,—–](?=\s)/g, /\S(?=\s)/g];

function cutBefore(text: string, limit: number): number {
  const head = text.slice(0, limit + 1);
  for (const ends of PHRASE_ENDS) {
    let last = 0;
    for (const end of head.matchAll(ends)) last = end.index + end[0].length;
    // A sentence end in the first quarter would leave a scrap: a comma further on is better.
    if (last >= limit / 4) return last;
  }
  const insidePair = (text.codePointAt(limit - 1) ?? 0) > 0xffff;
  return insidePair ? limit - 1 : limit;
}
