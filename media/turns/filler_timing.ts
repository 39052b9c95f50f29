// When to say "Hm…" because an answer takes a while: somebody who thinks aloud is not a dead line.
// Only the decision is made here; time comes from outside.

/** Decides over a call when a filler is spoken, and which. Times are milliseconds of any one clock. */
export class FillerTiming {
  readonly #words: readonly string[];
  readonly #afterMs: number;
  readonly #random: () => number;
  #turnEndedAt: number | undefined;
  #last: string | undefined;
  #speaking = false;

  /**
   * @param words the fillers to choose from.
   * @param afterMs FILLER_AFTER_MS; 0 is never.
   * @param random 0 (included) to 1 (excluded).
   */
  constructor(words: readonly string[], afterMs: number, random: () => number = Math.random) {
    this.#words = words;
    this.#afterMs = afterMs;
    this.#random = random;
  }

  /**
   * The caller's turn is over and the answer is being made.
   *
   * @returns when to ask `next`, or undefined when there will be no filler.
   */
  turnEnded(at: number): number | undefined {
    this.#speaking = false;
    this.#turnEndedAt = this.#afterMs > 0 && this.#words.length > 0 ? at : undefined;
    return this.#turnEndedAt === undefined ? undefined : at + this.#afterMs;
  }

  /** The filler to speak now, if one is due: at most one per turn, never the same twice in a row. */
  next(now: number): string | undefined {
    if (this.#turnEndedAt === undefined || now < this.#turnEndedAt + this.#afterMs) {
      return undefined;
    }
    this.#turnEndedAt = undefined;
    const others = this.#words.filter((word) => word !== this.#last);
    const choice = others.length > 0 ? others : this.#words;
    this.#last = choice[Math.floor(this.#random() * choice.length)];
    this.#speaking = true;
    return this.#last;
  }

  /** The filler was spoken to its end. */
  spoken(): void {
    this.#speaking = false;
  }

  /**
   * The answer's first phrase is ready, or the turn was given up: no filler is due any more.
   *
   * @returns whether a filler is being spoken and must be cut.
   */
  answerReady(): boolean {
    this.#turnEndedAt = undefined;
    const cut = this.#speaking;
    this.#speaking = false;
    return cut;
  }
}
