// How far the service's speech has come. Each message of an answer carries audio and "part of
// synthesized text" (`text_chunk` in the .proto); nothing promises that this text is ours letter by
// letter, nor that it is there, nor that a message never spans two texts of a stream. So it is
// matched with what was written, and where that fails counted by its length.

import { hasWords } from "../../../language/spoken/text.ts";
import { SAMPLES_PER_CHARACTER } from "../../failover/spoken_position.ts";

/** What the service says it speaks may be found this far on: it leaves out punctuation and the like. */
const NEAR_CHARACTERS = 20;

/** How far into one text its audio has come. */
export class SpokenProgress {
  #at = 0;

  constructor(readonly text: string) {}

  /** Nothing that can be heard is left. */
  get done(): boolean {
    return !hasWords(this.text.slice(this.#at));
  }

  /** Whether these words come next. */
  expects(piece: string): boolean {
    const found = this.text.indexOf(piece.trim(), this.#at);
    return found >= 0 && found - this.#at <= NEAR_CHARACTERS;
  }

  /** Takes a spoken piece; returns how many characters of the text are spoken with it. */
  advance(piece: string): number {
    const words = piece.trim();
    const from = this.expects(words) ? this.text.indexOf(words, this.#at) : this.#at;
    this.#at = Math.min(this.text.length, from + words.length);
    return this.#at;
  }
}

/** Which of the texts of a stream its audio has come to, and how far into it. */
export class StreamProgress {
  readonly #texts: SpokenProgress[] = [];
  readonly #samplesPerCharacter: number;
  #index = 0;
  /** The service says what it speaks. */
  #told = false;
  /** Of the present text, where the service does not say. */
  #samples = 0;

  /** `speed` of the voice, for a service that does not say what it speaks. */
  constructor(speed: number) {
    this.#samplesPerCharacter = SAMPLES_PER_CHARACTER / speed;
  }

  /**
   * More audio is due. A service that does not say what it speaks is believed to have spoken all
   * as soon as it has begun: our guess at its pace is no reason to give it up.
   */
  get behind(): boolean {
    if (!this.#told && this.#samples > 0) return false;
    return this.#texts.slice(this.#index).some(({ done }) => !done);
  }

  /** Texts are left that were not begun, for certain. */
  get leftOut(): boolean {
    const from = this.#told || this.#samples > 0 ? this.#index + 1 : this.#index;
    return (this.#told || this.#samples === 0) && this.#texts.slice(from).some(({ done }) => !done);
  }

  add(text: string): void {
    this.#texts.push(new SpokenProgress(text));
  }

  /** Takes the next audio and what the service says is spoken in it; empty where it does not say. */
  advance(
    piece: string,
    samples: number,
  ): { readonly index: number; readonly characters?: number } {
    if (piece.trim() === "") return { index: this.#byTime(samples) };
    this.#told = true;
    this.#samples += samples;
    while (this.#isOver(piece)) this.#index++;
    return { index: this.#index, characters: this.#texts[this.#index]!.advance(piece) };
  }

  /** Whether the piece belongs to a text after the present one. */
  #isOver(piece: string): boolean {
    const [present, next] = this.#texts.slice(this.#index);
    if (!present || !next) return false;
    return present.done || (!present.expects(piece) && next.expects(piece));
  }

  #byTime(samples: number): number {
    const last = this.#texts.length - 1;
    while (!this.#told && this.#index < last) {
      const whole = this.#texts[this.#index]!.text.length * this.#samplesPerCharacter;
      if (this.#samples < whole) break;
      this.#samples -= whole;
      this.#index++;
    }
    this.#samples += samples;
    return this.#index;
  }
}
