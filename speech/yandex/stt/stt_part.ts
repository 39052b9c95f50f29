// The part of one utterance's text that one session recognises.

import type { ServiceFailure } from "../../failure.ts";
import { joinTexts } from "../../../language/heard/stitch.ts";
import type { SttSession, SttSessionObserver } from "./stt_session.ts";

/** Refinements (digits for numbers) that come later than this after their text are not waited for. */
const REFINEMENT_GRACE_MS = 100;

interface Final {
  readonly index: number;
  text: string;
  refined: boolean;
}

/** Told by a part. */
export interface PartEvents {
  onText(): void;
  /** A requested end of utterance was answered, or all that was pending is. */
  onSettled(): void;
  /** The service's own detector ended the utterance. */
  onEndOfUtterance(): void;
  onFailed(failure: ServiceFailure | undefined): void;
}

/** One session's share of an utterance; it listens to the session until it is detached. */
export class SttPart implements SttSessionObserver {
  readonly #events: PartEvents;
  readonly #refinements: boolean;
  readonly #finals: Final[] = [];
  #partial = "";
  #asked = 0;
  #ending = false;
  #closed = false;
  #grace: ReturnType<typeof setTimeout> | undefined;

  /** `overlap`: the part's audio begins with the end of the one before. */
  constructor(
    readonly session: SttSession,
    readonly overlap: boolean,
    refinements: boolean,
    events: PartEvents,
  ) {
    this.#refinements = refinements;
    this.#events = events;
    session.listener = this;
  }

  get text(): string {
    return joinTexts([...this.#finals.map(({ text }) => text), this.#partial]);
  }

  /** Nothing that was asked for is outstanding. */
  get settled(): boolean {
    return this.#asked === 0 && this.#grace === undefined && (!this.#ending || this.#closed);
  }

  /** Asks for the text of everything so far. */
  endUtterance(): void {
    this.#asked++;
    this.session.endUtterance();
  }

  /** Ends the session: what it recognised comes, then the part is settled for good. */
  end(): void {
    this.#ending = true;
    this.session.end();
  }

  /** Lets go of the session, which lives on. */
  detach(): void {
    clearTimeout(this.#grace);
    this.#grace = undefined;
    this.session.listener = undefined;
  }

  onPartial(text: string): void {
    this.#partial = text;
    this.#events.onText();
  }

  onFinal(index: number, text: string): void {
    this.#partial = "";
    if (text !== "") this.#finals.push({ index, text, refined: !this.#refinements });
    this.#events.onText();
  }

  onRefined(index: number, text: string): void {
    const final = this.#finals.find((final) => final.index === index) ??
      this.#finals.find(({ refined }) => !refined);
    if (!final) return;
    final.text = text;
    final.refined = true;
    this.#events.onText();
    if (this.#grace !== undefined && this.#allRefined) this.#endGrace();
  }

  onEndOfUtterance(): void {
    if (this.#asked === 0) return this.#events.onEndOfUtterance();
    this.#asked--;
    if (this.#asked > 0) return;
    if (this.#allRefined) this.#events.onSettled();
    else this.#grace ??= setTimeout(() => this.#endGrace(), REFINEMENT_GRACE_MS);
  }

  onClosed(failure?: ServiceFailure): void {
    this.#closed = true;
    clearTimeout(this.#grace);
    this.#grace = undefined;
    // Ended in order, a session has answered everything; otherwise what was asked is lost.
    if (failure || !this.#ending) return this.#events.onFailed(failure);
    this.#asked = 0;
    this.#events.onSettled();
  }

  get #allRefined(): boolean {
    return this.#finals.every(({ refined }) => refined);
  }

  #endGrace(): void {
    clearTimeout(this.#grace);
    this.#grace = undefined;
    this.#events.onSettled();
  }
}
