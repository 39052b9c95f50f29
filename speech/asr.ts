// Speech recognition as a call sees it, whatever service does the work.

import type { Language } from "../config/language.ts";
import type { Pcm } from "../media/frame.ts";

/** The text of one utterance at one moment. */
export interface Transcript {
  /** As the provider wrote it; may be empty. */
  readonly text: string;
  /** True once the provider will not change the text any more. */
  readonly final: boolean;
}

/** Options for recognising one utterance. */
export interface AsrOptions {
  readonly language: Language;
  /** The text so far has changed. Never called after the utterance is finished or cancelled. */
  onPartial(transcript: Transcript): void;
  /**
   * Whether a text of the unfinished utterance is of use at this moment; always, where it is not
   * given. A provider for which a text costs work of its own asks before it begins.
   */
  wantsPartials?(): boolean;
  /** Cancels the recognition and frees what it holds. */
  readonly signal: AbortSignal;
  /**
   * The recogniser itself detected the end of the utterance, before `finish` was called. Only from
   * providers that detect it and are set to.
   */
  onEndOfUtterance?(): void;
  /**
   * The recognition failed before `finish` was called; `finish` throws the same error. Called at
   * most once, and nothing is called after it.
   */
  onFailure?(error: AsrError): void;
}

/** The recognition of one utterance, fed while the caller speaks. */
export interface AsrUtterance {
  /** The next audio: 16 kHz mono, any length. Never blocks. */
  push(pcm: Pcm): void;

  /**
   * The caller has paused: prepares a text of everything pushed so far. Always answered by one
   * more `onPartial`, even when the text is unchanged or empty, because endpointing waits for it.
   * Costs nothing where the provider streams anyway.
   */
  checkpoint(): void;

  /**
   * The caller speaks on: the text that `checkpoint` asked for is of no use any more, and another
   * checkpoint follows.
   */
  resumed?(): void;

  /**
   * Ends the utterance and returns the text of everything pushed: immediately, if a checkpoint
   * already covers it.
   *
   * @throws {AsrError}
   */
  finish(): Promise<Transcript>;
}

/** A speech recogniser. */
export interface AsrProvider {
  readonly name: string;
  /** Starts an utterance. */
  open(options: AsrOptions): AsrUtterance;
}

/** Recognition failed. The message says what was tried, on what, and what to do. */
export class AsrError extends Error {
  override readonly name = "AsrError";
}
