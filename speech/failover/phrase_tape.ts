// An answer's texts on their way to the voices: cleaned, and kept for the voice that takes over when
// one fails.

import { stripUnspeakable } from "../../language/spoken/text.ts";

/** A clean text with words, and its number among all texts of its answer. */
export interface Phrase {
  readonly index: number;
  readonly text: string;
}

/** An answer's phrases as they come, for several readers, each from where it likes. */
export class PhraseTape {
  readonly #phrases: Phrase[] = [];
  readonly #source: AsyncIterator<string>;
  #read = 0;
  #reading: Promise<boolean> | undefined;

  constructor(source: AsyncIterable<string>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** A phrase that has been read. */
  phrase(at: number): Phrase {
    return this.#phrases[at]!;
  }

  /** The phrases from this one on. */
  async *from(first: number): AsyncGenerator<Phrase, void, undefined> {
    for (let at = first;; at++) {
      while (at >= this.#phrases.length) if (!(await this.#readOne())) return;
      yield this.phrase(at);
    }
  }

  /** The texts of all phrases. */
  async *texts(): AsyncGenerator<string, void, undefined> {
    for await (const { text } of this.from(0)) yield text;
  }

  /** Reads one more text, once for all readers that are waiting. */
  #readOne(): Promise<boolean> {
    this.#reading ??= this.#source.next().then(({ done, value }) => {
      if (done) return false;
      const index = this.#read++;
      const text = stripUnspeakable(value);
      if (text !== "") this.#phrases.push({ index, text });
      return true;
    }).finally(() => this.#reading = undefined);
    return this.#reading;
  }
}
