// Speech synthesis as a call sees it, whatever service does the work.

import type { Language } from "../config/language.ts";
import type { Pcm } from "../media/frame.ts";

/** Options for synthesising one phrase. */
export interface TtsOptions {
  readonly language: Language;
  /** Cancels the synthesis at the provider. */
  readonly signal: AbortSignal;
  /**
   * The text holds nothing of a caller's: its audio may be kept on disk and spoken to others. False
   * unless given.
   */
  readonly keep?: boolean;
  /**
   * Called before each chunk with the number of characters that the audio covers once that chunk
   * has been played. Only services that report their position call it.
   */
  onSpoken?(characters: number): void;
}

/** A chunk of audio from a stream of several texts. */
export interface SpokenChunk {
  /** The text that it belongs to, counted from 0; never decreases. */
  readonly index: number;
  /** Characters of that text covered once this chunk is played; only where the service reports it. */
  readonly characters?: number;
  /** Empty when it only announces a text: all texts before it are complete. */
  readonly pcm: Pcm;
}

/**
 * A voice. `FailoverTts`, through which every call speaks, takes any text. It cleans it once
 * (`stripUnspeakable`), so that what reaches the provider of a service is clean and has words.
 */
export interface TtsProvider {
  readonly name: string;
  /**
   * Speaks one phrase: yields 16 kHz mono chunks in order, each as soon as it is ready.
   *
   * @throws {TtsError}
   */
  synthesize(text: string, options: TtsOptions): AsyncIterable<Pcm>;

  /**
   * Speaks several texts in one stream while they are still being written, so that the intonation
   * carries over from one to the next. Only where the service supports it.
   *
   * @throws {TtsError}
   */
  synthesizeStream?(
    texts: AsyncIterable<string>,
    options: Omit<TtsOptions, "onSpoken">,
  ): AsyncIterable<SpokenChunk>;
}

/** Synthesis failed. The message says what was tried, on what, and what to do. */
export class TtsError extends Error {
  override readonly name = "TtsError";
}
