// Text for a voice: cleaned, and cut into pieces that a service accepts.

/** Whether a text holds anything to say: a letter or a digit. */
export function hasWords(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}

/**
 * The speakable part of a text: without emoji, control characters, lone surrogates and the markup
 * that a service would obey, and with single spaces. Empty when nothing to say remains.
 */
export function stripUnspeakable(text: string): string {
  const spoken = text.toWellFormed()
    .replace(/[\p{Extended_Pictographic}\u{1F1E6}-\u{1F1FF}\u{1F3FB}-\u{1F3FF}]/gu, " ")
    .replace(/[\u200d\ufe0e\ufe0f\u20e3\ufffd]/g, "")
    // SpeechKit's "TTS markup" (emphasis, phonemes, pauses), which it obeys in any text.
    .replace(/\*\*|\[\[.*?\]\]|<\[.*?\]>/g, " ")
    .replace(/[\p{Cc}\p{Z}]+/gu, " ")
    .trim();
  return hasWords(spoken) ? spoken : "";
}

/**
 * Splits a text into pieces of at most `limit` characters: at the end of a sentence, else of a
 * clause, else of a word, else (one endless word) anywhere but inside a character. Joined with
 * spaces, the pieces give the text's words, each once.
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

/** Where to cut, by preference: after the match. */
const PHRASE_ENDS = [/[.!?…]+["»)]*(?=\s)/g, /[;:,—–](?=\s)/g, /\S(?=\s)/g];

function cutBefore(text: string, limit: number): number {
  const head = text.slice(0, limit + 1);
  for (const ends of PHRASE_ENDS) {
    let last = 0;
    for (const end of head.matchAll(ends)) last = end.index + end[0].length;
    // A sentence end in the first quarter would leave a scrap: a later comma is better.
    if (last >= limit / 4) return last;
  }
  const insidePair = (text.codePointAt(limit - 1) ?? 0) > 0xffff;
  return insidePair ? limit - 1 : limit;
}
