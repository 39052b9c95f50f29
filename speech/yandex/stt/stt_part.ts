// The part of an utterance's text that one session recognises.

import type { ServiceFailure } from "../../failure.ts";
import { joinTexts } from "../../../language/heard/stitch.ts";
import type { SttSession, SttSessionObserver } from "./stt_session.ts";

/** How long a text waits for its refinement (digits for numbers) after the end of the utterance. */
const REFINEMENT_GRACE_MS = 100;

interface Final {
  readonly index: number;
  text: string;
  refined: boolean;
}

/** What a part reports. */
export interface PartEvents {
  onText(): void;
  /** Nothing that was asked for is outstanding any more. */
  onSettled(): void;
  /** The service's own detector ended the utterance. */
  onEndOfUtterance(): void;
  onFailed(failure: ServiceFailure | undefined): void;
}

/** What a part needs of its session. */
type PartSession = Pick<SttSession, "endUtterance" | "end" | "observer">;

/** One session's share of an utterance. It observes the session until it is detached. */
export class SttPart<S extends PartSession = SttSession> implements SttSessionObserver {
  readonly #events: PartEvents;
  readonly #refinements: boolean;
  readonly #finals: Final[] = [];
  #partial = "";
  #asked = 0;
  #ending = false;
  #closed = false;
  #grace: ReturnType<typeof setTimeout> | undefined;

  /** `overlap`: its audio begins with the end of the previous part's. */
  constructor(
    readonly session: S,
    readonly overlap: boolean,
    refinements: boolean,
    events: PartEvents,
  ) {
    this.#refinements = refinements;
    this.#events = events;
    session.observer = this;
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

  /** Ends the session: the rest of its texts come, then the part is settled for good. */
  end(): void {
    this.#ending = true;
    this.session.end();
  }

  /** Stops observing the session, which lives on. */
  detach(): void {
    clearTimeout(this.#grace);
    this.#grace = undefined;
    this.session.observer = undefined;
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
    // A session that ended in order has answered everything; otherwise its answers are lost.
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
