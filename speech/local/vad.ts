// The engine's VAD as one call uses it, with a fallback to loudness while there is no engine.

import type { Pcm } from "../../media/frame.ts";
import { EnergyVad } from "../energy_vad.ts";
import type { VadAnswer } from "../engine/protocol.ts";
import type { VadStream } from "../vad.ts";
import type { EngineLink } from "./link.ts";

/** Windows between two attempts to reach an engine that did not answer: a quarter of a second. */
const PROBE_EVERY = 8;

/** How the fallback is reported. */
export interface DegradedHandlers {
  /** VAD goes by loudness from now on; `reason` says why. */
  onDegraded(reason: string): void;
  /** The engine answers again. */
  onRestored(): void;
}

/** A window that the engine has not answered yet. */
interface Asked {
  readonly at: number;
  readonly settle: (probability: number) => void;
  readonly byLoudness: number;
}

/** One call's VAD. It always answers, and in order. */
export class LocalVad implements VadStream, Disposable {
  readonly #link: EngineLink;
  readonly #deadlineMs: number;
  readonly #handlers: DegradedHandlers;
  readonly #energy = new EnergyVad();
  /** By question number, in order. */
  readonly #waiting = new Map<number, Asked>();
  #asked = 0;
  #watch: ReturnType<typeof setTimeout> | undefined;
  #degraded = false;
  #sinceProbe = 0;
  #probe: { readonly seq: number; readonly at: number } | undefined;

  constructor(link: EngineLink, deadlineMs: number, handlers: DegradedHandlers) {
    this.#link = link;
    this.#deadlineMs = deadlineMs;
    this.#handlers = handlers;
  }

  probability(window: Pcm): Promise<number> {
    const byLoudness = this.#energy.probability(window);
    if (this.#degraded) {
      if (this.#sinceProbe++ % PROBE_EVERY === 0) this.#tryAgain(window);
      return Promise.resolve(byLoudness);
    }
    const seq = this.#ask(window);
    if (seq === undefined) {
      this.#degrade(`is not there: ${this.#link.goneBecause}`);
      return Promise.resolve(byLoudness);
    }
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#waiting.set(seq, { at: performance.now(), settle: resolve, byLoudness });
    this.#watch ??= setTimeout(this.#onWatch, this.#deadlineMs);
    return promise;
  }

  reset(): void {
    this.#energy.reset();
    this.#link.tell((engine) => engine.resetVad());
  }

  /** Takes an answer from the engine. */
  answered(answer: VadAnswer): void {
    if (answer.vadSeq === this.#probe?.seq) {
      this.#probe = undefined;
      if ("failed" in answer) return;
      this.#degraded = false;
      return this.#handlers.onRestored();
    }
    const asked = this.#waiting.get(answer.vadSeq);
    if (!asked) return;
    if ("failed" in answer) return this.#degrade(`failed: ${answer.failed}`);
    this.#waiting.delete(answer.vadSeq);
    asked.settle(answer.probability);
  }

  /** A new engine is connected: the next window probes it. */
  reconnected(): void {
    this.#sinceProbe = 0;
  }

  /** The engine is gone: open questions are answered by loudness. */
  gone(reason: string): void {
    this.#probe = undefined;
    if (this.#waiting.size > 0) this.#degrade(`is not there: ${reason}`);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#watch);
  }

  /** Sends a question and returns its number; undefined when there is no engine. */
  #ask(window: Pcm): number | undefined {
    // Posting a view would copy its whole buffer.
    const question = { vadSeq: ++this.#asked, window: window.slice() };
    return this.#link.post(question) ? question.vadSeq : undefined;
  }

  /** One timer for all windows: thirty timers a second would cost more than the windows themselves. */
  #onWatch = (): void => {
    this.#watch = undefined;
    const [oldest] = this.#waiting.values();
    if (!oldest) return;
    const leftMs = oldest.at + this.#deadlineMs - performance.now();
    if (leftMs > 0) this.#watch = setTimeout(this.#onWatch, leftMs);
    else this.#degrade(`did not answer in ${this.#deadlineMs} ms`);
  };

  #degrade(what: string): void {
    if (this.#degraded) return;
    this.#degraded = true;
    this.#sinceProbe = 1;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { settle, byLoudness } of waiting) settle(byLoudness);
    this.#handlers.onDegraded(`VAD: the speech engine ${what}`);
  }

  #tryAgain(window: Pcm): void {
    const now = performance.now();
    if (this.#probe && now - this.#probe.at < this.#deadlineMs) return;
    // What the engine's VAD remembers is from before the gap.
    this.#link.tell((engine) => engine.resetVad());
    const seq = this.#ask(window);
    this.#probe = seq === undefined ? undefined : { seq, at: now };
  }
}
