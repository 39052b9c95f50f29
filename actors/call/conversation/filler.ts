// "One moment…" when an answer takes its time: spoken ahead of the answer, and cut when that comes.

import { logger } from "../../../config/logging.ts";
import type { Playout } from "../../../media/playout/playout.ts";
import { FillerTiming } from "../../../media/turns/filler_timing.ts";
import type { Speaker } from "../speaker.ts";
import type { SpokenPhrase } from "./answer.ts";

/** How a call fills a silence. */
export interface FillerOptions {
  readonly call: string;
  /** What may be said (`fillers` of the prompts). */
  readonly words: readonly string[];
  /** `FILLER_AFTER_MS`; 0 is never. */
  readonly afterMs: number;
  readonly speaker: Pick<Speaker<SpokenPhrase>, "interject">;
  readonly playout: Pick<Playout<SpokenPhrase>, "drop">;
  onSpoken(): void;
}

/** One call's filler. */
export class Filler implements Disposable {
  readonly #options: FillerOptions;
  readonly #timing: FillerTiming;
  #timer?: ReturnType<typeof setTimeout>;

  constructor(options: FillerOptions) {
    this.#options = options;
    this.#timing = new FillerTiming(options.words, options.afterMs);
  }

  /** The caller is waiting for an answer from now on. */
  wait(): void {
    const now = performance.now();
    const at = this.#timing.turnEnded(now);
    clearTimeout(this.#timer);
    if (at === undefined) return;
    this.#timer = setTimeout(() => this.#speak(at), at - now);
  }

  /** The answer's first audio is there, or there will be none: the rest of the filler is dropped. */
  end(): void {
    clearTimeout(this.#timer);
    if (!this.#timing.answerReady()) return;
    const { playout, call } = this.#options;
    playout.drop("filler").catch((error) =>
      logger("conversation").error("filler could not be cut", { call, error })
    );
  }

  /** A phrase was heard to its end. */
  heard(phrase: SpokenPhrase): void {
    if (phrase === "filler") this.#timing.spoken();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #speak(at: number): void {
    const text = this.#timing.next(at);
    if (text === undefined) return;
    this.#options.speaker.interject("filler", text);
    this.#options.onSpoken();
  }
}
