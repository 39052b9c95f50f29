// How far the service's speech has come. Each message of an answer carries audio and "part of
// synthesized text" (`text_chunk` in the .proto). Nothing promises that this text is ours letter by
// letter, that it is there, or that a message never spans two texts of a stream. So it is matched
// with what was written, and where that fails, counted by its length.

import { hasWords } from "../../../language/spoken/text.ts";
import { SAMPLES_PER_CHARACTER } from "../../failover/spoken_position.ts";

/** How far ahead to look for the text that the service reports: it leaves out punctuation and the like. */
const NEAR_CHARACTERS = 20;

/** How far into one text its audio has come. */
export class SpokenProgress {
  #at = 0;

  constructor(readonly text: string) {}

  /** Whether nothing that can be heard is left. */
  get done(): boolean {
    return !hasWords(this.text.slice(this.#at));
  }

  /** Whether these words come next. */
  expects(piece: string): boolean {
    const found = this.text.indexOf(piece.trim(), this.#at);
    return found >= 0 && found - this.#at <= NEAR_CHARACTERS;
  }

  /** Takes a spoken piece and returns how many characters of the text are spoken with it. */
  advance(piece: string): number {
    const words = piece.trim();
    const from = this.expects(words) ? this.text.indexOf(words, this.#at) : this.#at;
    this.#at = Math.min(this.text.length, from + words.length);
    return this.#at;
  }
}

/** Which text of a stream its audio has reached, and how far into it. */
export class StreamProgress {
  readonly #texts: SpokenProgress[] = [];
  readonly #samplesPerCharacter: number;
  #index = 0;
  /** Whether the service reports what it speaks. */
  #reported = false;
  /** Samples of the current text, where the service does not report it. */
  #samples = 0;

  /** `speed`: of the voice, for a service that does not report what it speaks. */
  constructor(speed: number) {
    this.#samplesPerCharacter = SAMPLES_PER_CHARACTER / speed;
  }

  /**
   * Whether more audio is due. A service that does not report what it speaks counts as finished
   * once it has begun: our estimate of its pace is no reason to give it up.
   */
  get behind(): boolean {
    if (!this.#reported && this.#samples > 0) return false;
    return this.#texts.slice(this.#index).some(({ done }) => !done);
  }

  /** Whether some texts have certainly not been begun. */
  get leftOut(): boolean {
    const from = this.#reported || this.#samples > 0 ? this.#index + 1 : this.#index;
    return (this.#reported || this.#samples === 0) &&
      this.#texts.slice(from).some(({ done }) => !done);
  }

  add(text: string): void {
    this.#texts.push(new SpokenProgress(text));
  }

  /** Takes the next audio and the text that the service reports for it; empty where it reports none. */
  advance(
    piece: string,
    samples: number,
  ): { readonly index: number; readonly characters?: number } {
    if (piece.trim() === "") return { index: this.#byTime(samples) };
    this.#reported = true;
    this.#samples += samples;
    while (this.#isOver(piece)) this.#index++;
    return { index: this.#index, characters: this.#texts[this.#index]!.advance(piece) };
  }

  /** Whether the piece belongs to a later text than the current one. */
  #isOver(piece: string): boolean {
    const [current, next] = this.#texts.slice(this.#index);
    if (!current || !next) return false;
    return current.done || (!current.expects(piece) && next.expects(piece));
  }

  #byTime(samples: number): number {
    const last = this.#texts.length - 1;
    while (!this.#reported && this.#index < last) {
      const whole = this.#texts[this.#index]!.text.length * this.#samplesPerCharacter;
      if (this.#samples < whole) break;
      this.#samples -= whole;
      this.#index++;
    }
    this.#samples += samples;
    return this.#index;
  }
}
