// Cuts a model's streamed answer into phrases that a voice can start on: at every `|`, else at the end
// of a sentence, else where a phrase has become too long to wait for.

import { sentenceEndsAt } from "./sentence_end.ts";

/** The longest phrase to wait for, in characters: about 16 Russian words. */
const SOFT_LIMIT_CHARS = 160;
/** The shortest phrase that a soft cut may leave, in characters. */
const SHORTEST_SOFT_CUT_CHARS = 40;
/** Text without a space is cut after so many characters. */
const HARD_LIMIT_CHARS = 400;

/**
 * The phrases of one answer. Call `push` with each piece of the stream, and `flush` at its end.
 */
export class PhraseCutter {
  #pending = "";

  /** Returns the phrases that `chunk` completes, in order, ready to be spoken. */
  push(chunk: string): string[] {
    this.#pending += chunk;
    return this.#cut(false);
  }

  /** Returns the rest when the stream has ended. */
  flush(): string[] {
    const phrases = this.#cut(true);
    const tail = plainPhrase(this.#pending);
    this.#pending = "";
    return tail ? [...phrases, tail] : phrases;
  }

  #cut(complete: boolean): string[] {
    const phrases: string[] = [];
    for (;;) {
      const end = phraseEnd(this.#pending, complete);
      if (end === undefined) return phrases;
      const phrase = plainPhrase(this.#pending.slice(0, end));
      this.#pending = this.#pending.slice(end);
      if (phrase) phrases.push(phrase);
    }
  }
}

/** The index just past the first phrase of `text`, or undefined while it is incomplete. */
function phraseEnd(text: string, complete: boolean): number | undefined {
  for (const { index, 0: sign } of text.matchAll(/[|\n.!?…]/g)) {
    if (index > SOFT_LIMIT_CHARS) break;
    if (sign === "|" || sign === "\n") return index + 1;
    const ends = sentenceEndsAt(text, index, complete);
    if (ends === undefined) break;
    if (ends) return index + /^[.!?…)\]}»"'”’]+/.exec(text.slice(index))![0].length;
  }
  return softEnd(text);
}

function softEnd(text: string): number | undefined {
  if (text.length <= SOFT_LIMIT_CHARS) return undefined;
  const window = text.slice(0, SOFT_LIMIT_CHARS);
  const pause = lastMatchEnd(window, /[,;:](?=\s)|\s[–—-](?=\s)/g);
  if (pause >= SHORTEST_SOFT_CUT_CHARS) return pause;
  const space = window.lastIndexOf(" ");
  if (space >= SHORTEST_SOFT_CUT_CHARS) return space;
  return text.length > HARD_LIMIT_CHARS ? HARD_LIMIT_CHARS : undefined;
}

function lastMatchEnd(text: string, pattern: RegExp): number {
  const last = [...text.matchAll(pattern)].at(-1);
  return last ? last.index + last[0].length : -1;
}

/** The phrase without markdown, or "" when nothing speakable remains. */
export function plainPhrase(raw: string): string {
  const text = raw
    .replace(/!?\[([^\]]*)\]\((?:[^)]*)\)/g, "$1")
    .replace(/https?:\/\/\S+/g, "")
    .replace(/^\s*(?:#{1,6}\s+|>\s*|[-–—•+]\s+|\d{1,2}[.)]\s+)+/u, "")
    .replace(/[*`|~#]+/g, "")
    .replace(/(^|\s)_+(?=\S)|_+(?=[\s.,!?]|$)/gu, "$1")
    .replace(/\s+/g, " ")
    .replace(/\s+([.,!?;:])/g, "$1")
    .trim();
  return /[\p{L}\d]/u.test(text) ? text : "";
}
