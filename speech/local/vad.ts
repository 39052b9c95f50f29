// The engine's VAD as one call uses it: with loudness to fall back to while the engine is away.

import type { Pcm } from "../../media/frame.ts";
import { EnergyVad } from "../energy_vad.ts";
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

/** One call's VAD: answers always, and in order. */
export class LocalVad implements VadStream {
  readonly #link: EngineLink;
  readonly #deadlineMs: number;
  readonly #handlers: DegradedHandlers;
  readonly #energy = new EnergyVad();
  readonly #waiting: { settle: (probability: number) => void; byLoudness: number }[] = [];
  #degraded = false;
  #sinceProbe = 0;
  #probing = false;

  constructor(link: EngineLink, deadlineMs: number, handlers: DegradedHandlers) {
    this.#link = link;
    this.#deadlineMs = deadlineMs;
    this.#handlers = handlers;
  }

  probability(window: Pcm): Promise<number> {
    const byLoudness = this.#energy.probability(window);
    if (this.#degraded) {
      if (this.#sinceProbe++ % PROBE_EVERY === 0) this.#probe(window);
      return Promise.resolve(byLoudness);
    }
    const { promise, resolve } = Promise.withResolvers<number>();
    const item = { settle: resolve, byLoudness };
    this.#waiting.push(item);
    this.#ask(window).then((probability) => {
      const at = this.#waiting.indexOf(item);
      if (at < 0) return;
      this.#waiting.splice(at, 1);
      resolve(probability);
    }, (error: Error) => this.#degrade(error.message));
    return promise;
  }

  reset(): void {
    this.#energy.reset();
    this.#link.tell((engine) => engine.resetVad());
  }

  /** A new engine is connected: it is asked with the next window. */
  reconnected(): void {
    this.#sinceProbe = 0;
  }

  #ask(window: Pcm): Promise<number> {
    // The caller keeps its window; and a view would drag its whole buffer along.
    const copy = window.slice();
    return this.#link.request((engine) => engine.vad(copy), {
      what: "VAD",
      deadlineMs: this.#deadlineMs,
    });
  }

  #degrade(reason: string): void {
    if (this.#degraded) return;
    this.#degraded = true;
    this.#sinceProbe = 1;
    for (const { settle, byLoudness } of this.#waiting.splice(0)) settle(byLoudness);
    this.#handlers.onDegraded(reason);
  }

  async #probe(window: Pcm): Promise<void> {
    if (this.#probing || !this.#link.connected) return;
    this.#probing = true;
    try {
      // What the engine's VAD remembers is of before the gap.
      this.#link.tell((engine) => engine.resetVad());
      await this.#ask(window);
      this.#degraded = false;
      this.#handlers.onRestored();
    } catch {
      // Still away: loudness has to do until the next probe.
    } finally {
      this.#probing = false;
    }
  }
}
