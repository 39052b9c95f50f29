// In noise a speech model may repeat itself up to its token limit. This notices it early.

/** The longest phrase, in tokens, that can be found repeating. */
const LONGEST_PHRASE = 12;
/** A phrase said this many times in a row is a loop. People say "no, no, no, no", four times. */
const LOOP_TIMES = 5;

/** Collects tokens until they begin to repeat. */
export class RepetitionGuard {
  readonly #tokens: number[] = [];

  /** The tokens so far; a looped phrase is kept once. */
  get tokens(): readonly number[] {
    return this.#tokens;
  }

  /** Takes the next token. @returns false when it closes a loop: decoding must stop. */
  accept(token: number): boolean {
    this.#tokens.push(token);
    for (let length = 1; length <= LONGEST_PHRASE; length++) {
      if (!this.#loops(length)) continue;
      this.#tokens.length -= length * (LOOP_TIMES - 1);
      return false;
    }
    return true;
  }

  #loops(length: number): boolean {
    const { length: end } = this.#tokens;
    const span = length * LOOP_TIMES;
    if (end < span) return false;
    for (let i = end - span + length; i < end; i++) {
      if (this.#tokens[i] !== this.#tokens[i - length]) return false;
    }
    return true;
  }
}
