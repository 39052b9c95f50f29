// "One moment…" when an answer takes its time: spoken ahead of the answer, and cut when that comes.

import { logger } from "../../../config/logging.ts";
import { FillerTiming } from "../../../media/turns/fillers.ts";
import type { SpokenPhrase } from "./answer.ts";
import type { Voice } from "./conversation_options.ts";

/** How a call fills a silence. */
export interface FillerOptions {
  readonly call: string;
  /** What may be said (`fillers` of the prompts). */
  readonly words: readonly string[];
  /** `FILLER_AFTER_MS`; 0 is never. */
  readonly afterMs: number;
  onSpoken(): void;
}

/** One call's filler. */
export class Filler implements Disposable {
  readonly #options: FillerOptions;
  readonly #fillers: FillerTiming;
  readonly #voice: () => Voice;
  #timer?: ReturnType<typeof setTimeout>;

  constructor(
    options: FillerOptions,
    voice: () => Voice,
  ) {
    this.#options = options;
    this.#fillers = new FillerTiming(options.words, options.afterMs);
    this.#voice = voice;
  }

  /** The caller is waiting for an answer from now on. */
  wait(): void {
    const now = performance.now();
    const at = this.#fillers.turnEnded(now);
    clearTimeout(this.#timer);
    if (at === undefined) return;
    this.#timer = setTimeout(() => this.#speak(at), at - now);
  }

  /** The answer's first audio is there, or there will be none: the filler's rest is dropped. */
  end(): void {
    clearTimeout(this.#timer);
    if (!this.#fillers.answerReady()) return;
    this.#voice().playout.drop("filler").catch((error) =>
      logger("filler").error("a filler could not be cut", { call: this.#options.call, error })
    );
  }

  /** A phrase was heard to its end. */
  heard(phrase: SpokenPhrase): void {
    if (phrase === "filler") this.#fillers.spoken();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #speak(at: number): void {
    const text = this.#fillers.next(at);
    if (text === undefined) return;
    this.#voice().speaker.interject("filler", text);
    this.#options.onSpoken();
  }
}
