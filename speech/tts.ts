// Speech synthesis as a call sees it, whoever does the work.

import type { Pcm } from "../media/frame.ts";

/** Options of one phrase's synthesis. */
export interface TtsOptions {
  readonly language: "ru" | "en";
  /** Cancels the synthesis at the provider. */
  readonly signal: AbortSignal;
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
}

/** Synthesis failed; the message says what was tried, on what, and what to do. */
export class TtsError extends Error {
  override readonly name = "TtsError";
}
