// How far into a text its audio has come, so that another voice can continue where one broke off.

/** Samples a character at an ordinary pace: about 15 characters a second at 16 kHz. */
export const SAMPLES_PER_CHARACTER = 1067;

/** Follows the audio of one text. */
export class SpokenPosition {
  readonly #text: string;
  #reported: number | undefined;
  #samples = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The service reports how many characters the next audio will have covered. */
  report(characters: number): void {
    this.#reported = characters;
  }

  /** Audio has come. */
  add(samples: number): void {
    this.#samples += samples;
  }

  /** Whether any audio has come. */
  get begun(): boolean {
    return this.#samples > 0;
  }

  /**
   * The text still to be spoken. Where the service does not report its position, that is estimated
   * from the time, and the word in progress is repeated.
   */
  get rest(): string {
    if (!this.begun) return this.#text;
    const at = this.#reported ?? this.#wordBefore(this.#samples / SAMPLES_PER_CHARACTER);
    return this.#text.slice(at).trimStart();
  }

  #wordBefore(characters: number): number {
    if (characters >= this.#text.length) return this.#text.length;
    return this.#text.lastIndexOf(" ", Math.round(characters)) + 1;
  }
}
