// The engine's VAD as one call uses it, with a fallback to loudness while there is no engine.

import type { Pcm } from "../../media/frame.ts";
import { EnergyVad } from "../energy_vad.ts";
import { WindowRing } from "../engine/vad/window_ring.ts";
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
  readonly number: number;
  readonly at: number;
  readonly settle: (probability: number) => void;
  readonly byLoudness: number;
}

/** One call's VAD. It always answers, and in order. */
export class LocalVad implements VadStream {
  readonly #link: EngineLink;
  readonly #deadlineMs: number;
  readonly #handlers: DegradedHandlers;
  readonly #energy = new EnergyVad();
  /** The windows on their way to this engine; made with its first window. */
  #ring: WindowRing | undefined;
  /** In order. */
  readonly #waiting: Asked[] = [];
  /** The next window does not continue what the engine has heard. */
  #fresh = true;
  #degraded = false;
  #sinceProbe = 0;
  #probe: { readonly number: number; readonly at: number } | undefined;

  constructor(link: EngineLink, deadlineMs: number, handlers: DegradedHandlers) {
    this.#link = link;
    this.#deadlineMs = deadlineMs;
    this.#handlers = handlers;
  }

  probability(window: Pcm): Promise<number> {
    const byLoudness = this.#energy.probability(window);
    this.look();
    if (this.#degraded) {
      if (this.#sinceProbe++ % PROBE_EVERY === 0) this.#tryAgain(window);
      return Promise.resolve(byLoudness);
    }
    const number = this.#ask(window);
    if (number === undefined) {
      this.#degrade(`is not there: ${this.#link.goneBecause}`);
      return Promise.resolve(byLoudness);
    }
    const { promise, resolve: settle } = Promise.withResolvers<number>();
    this.#waiting.push({ number, at: performance.now(), settle, byLoudness });
    return promise;
  }

  look(): void {
    this.#takeAnswers();
    const [oldest] = this.#waiting;
    if (oldest && performance.now() - oldest.at >= this.#deadlineMs) {
      this.#degrade(`did not answer in ${this.#deadlineMs} ms`);
    }
  }

  /** A new engine is connected: it gets a ring of its own, and the next window probes it. */
  reconnected(): void {
    this.#ring = undefined;
    this.#probe = undefined;
    this.#sinceProbe = 0;
  }

  /** The engine is gone: open questions are answered by loudness. */
  gone(reason: string): void {
    this.#takeAnswers();
    this.#ring = undefined;
    this.#probe = undefined;
    if (this.#waiting.length > 0) this.#degrade(`is not there: ${reason}`);
  }

  /** Gives the engine a window; undefined when there is none, or when it stands still. */
  #ask(window: Pcm): number | undefined {
    if (!this.#ring) {
      const ring = WindowRing.create();
      if (!this.#link.post({ vadRing: ring.memory })) return undefined;
      this.#ring = ring;
      this.#fresh = true;
    }
    const number = this.#ring.write(window, this.#fresh);
    if (number !== undefined) this.#fresh = false;
    return number;
  }

  #takeAnswers(): void {
    if (!this.#ring) return;
    const { answered } = this.#ring;
    if (this.#probe && this.#probe.number <= answered) this.#probed(this.#probe.number);
    while (this.#waiting.length > 0 && this.#waiting[0]!.number <= answered) {
      const probability = this.#ring.probability(this.#waiting[0]!.number);
      if (Number.isNaN(probability)) return this.#degrade("failed at a window");
      this.#waiting.shift()!.settle(probability);
    }
  }

  #degrade(what: string): void {
    if (this.#degraded) return;
    this.#degraded = true;
    this.#sinceProbe = 1;
    for (const { settle, byLoudness } of this.#waiting.splice(0)) settle(byLoudness);
    this.#handlers.onDegraded(`VAD: the speech engine ${what}`);
  }

  #tryAgain(window: Pcm): void {
    const now = performance.now();
    if (this.#probe && now - this.#probe.at < this.#deadlineMs) return;
    // What the engine's VAD remembers is from before the gap.
    this.#fresh = true;
    const number = this.#ask(window);
    this.#probe = number === undefined ? undefined : { number, at: now };
  }

  #probed(number: number): void {
    const failed = Number.isNaN(this.#ring!.probability(number));
    this.#probe = undefined;
    if (failed) return;
    this.#degraded = false;
    this.#handlers.onRestored();
  }
}
