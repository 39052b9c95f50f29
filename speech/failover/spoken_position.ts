// How far into a text its audio has come, so that another voice can go on where one broke off.

/** Samples of a character at an ordinary pace (16 kHz, about 15 characters a second). */
export const SAMPLES_PER_CHARACTER = 1067;

/** Follows the speech of one text. */
export class SpokenPosition {
  readonly #text: string;
  #told: number | undefined;
  #samples = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The service says: with the audio that comes next, so many characters are spoken. */
  tell(characters: number): void {
    this.#told = characters;
  }

  hear(samples: number): void {
    this.#samples += samples;
  }

  /** Any of it was heard. */
  get begun(): boolean {
    return this.#samples > 0;
  }

  /**
   * What is still to be said. Where the service does not say how far it is, that goes by time,
   * and the word it is in is said again.
   */
  get rest(): string {
    if (!this.begun) return this.#text;
    const at = this.#told ?? this.#wordBefore(this.#samples / SAMPLES_PER_CHARACTER);
    return this.#text.slice(at).trimStart();
  }

  #wordBefore(characters: number): number {
    if (characters >= this.#text.length) return this.#text.length;
    return this.#text.lastIndexOf(" ", Math.round(characters)) + 1;
  }
}
