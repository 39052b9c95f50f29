// Speech recognition as a call sees it, whoever does the work.

import type { Language } from "../config/language.ts";
import type { Pcm } from "../media/frame.ts";

/** What is recognised of one utterance at one moment. */
export interface Transcript {
  /** As the provider wrote it; may be empty. */
  readonly text: string;
  /** True when the provider will not change it any more. */
  readonly final: boolean;
}

/** Options of one utterance's recognition. */
export interface AsrOptions {
  readonly language: Language;
  /** Text so far changed; never called after the utterance is finished or cancelled. */
  onPartial(transcript: Transcript): void;
  /** Ends the recognition and frees what it holds. */
  readonly signal: AbortSignal;
  /**
   * The recogniser found the utterance to be over, before `finish` was asked. Only where the
   * provider decides that and is set to.
   */
  onEndOfUtterance?(): void;
  /**
   * The recognition broke before `finish` was asked; `finish` would throw the same. Called at most
   * once, and nothing after it.
   */
  onFailure?(error: AsrError): void;
}

/** The recognition of one utterance, fed while the caller speaks. */
export interface AsrUtterance {
  /** The next audio: 16 kHz mono, any length. Never blocks. */
  push(pcm: Pcm): void;

  /**
   * The caller has paused: have a text of everything pushed so far ready soon. Always answered by
   * one more `onPartial`, with an unchanged or empty text too: endpointing waits for it. Costs
   * nothing where the provider streams anyway.
   */
  checkpoint(): void;

  /**
   * The utterance is over: the text of all that was pushed. Immediate when a checkpoint already
   * covers it.
   *
   * @throws {AsrError}
   */
  finish(): Promise<Transcript>;
}

/** A speech recogniser. */
export interface AsrProvider {
  readonly name: string;
  /** Begins one utterance. */
  open(options: AsrOptions): AsrUtterance;
}

/** Recognition failed; the message says what was tried, on what, and what to do. */
export class AsrError extends Error {
  override readonly name = "AsrError";
}
