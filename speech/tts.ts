// Speech synthesis as a call sees it, whoever does the work.

import type { Language } from "../config/language.ts";
import type { Pcm } from "../media/frame.ts";

/** Options of one phrase's synthesis. */
export interface TtsOptions {
  readonly language: Language;
  /** Cancels the synthesis at the provider. */
  readonly signal: AbortSignal;
  /**
   * Told, before each chunk, how many characters of the text the audio covers once that chunk is
   * played. Called only where the service says it.
   */
  onSpoken?(characters: number): void;
}

/** A piece of the speech of several texts. */
export interface SpokenChunk {
  /** Which of the texts it belongs to, counted from 0; never goes down. */
  readonly index: number;
  /** How many characters of that text are spoken with this piece; where the service says it. */
  readonly characters?: number;
  /** Empty where a text is only begun: those before it are spoken to their end. */
  readonly pcm: Pcm;
}

/** A voice. */
export interface TtsProvider {
  readonly name: string;
  /**
   * Speaks one phrase: 16 kHz mono chunks, in order, as soon as each is ready.
   * Text with nothing to say (empty, only punctuation) yields nothing.
   *
   * @throws {TtsError}
   */
  synthesize(text: string, options: TtsOptions): AsyncIterable<Pcm>;

  /**
   * Speaks texts in one go, while they are still being made, so that the voice carries over from
   * one to the next. Only where the service can.
   *
   * @throws {TtsError}
   */
  synthesizeStream?(
    texts: AsyncIterable<string>,
    options: Omit<TtsOptions, "onSpoken">,
  ): AsyncIterable<SpokenChunk>;
}

/** Synthesis failed; the message says what was tried, on what, and what to do. */
export class TtsError extends Error {
  override readonly name = "TtsError";
}
