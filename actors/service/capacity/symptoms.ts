// Signs that callers are being served late already, whatever was predicted: by our own calls, or by
// other processes that take the processor.

import type { EngineStats } from "../../../speech/engine/stats.ts";
import { Smoothed } from "./cost_of_a_call.ts";
import type { Resource } from "./headroom.ts";

/** The service's timers come this late on average: frames are paced by timers like them. */
const MOST_LAG_MS = 50;
const LAG_OVER_MS = 2000;
/** A caller whose turn is over has waited so long for a recogniser. */
const MOST_WAIT_MS = 500;
/** Voice detection answers every 20th window later than this; calls go by loudness soon after. */
const MOST_VAD_MS = 150;
/** The engine reports every second; after this long it stands still. */
const LONGEST_SILENCE_MS = 5000;
/** A symptom counts for this long after it was last seen, so that a lull between two does not admit. */
const REMEMBERED_MS = 3000;

type Sign = Extract<Resource, "event_loop" | "recognition" | "voice_detection">;

/** A sign, and its figures for the operator. */
export interface Symptom {
  readonly ranOut: Sign;
  readonly figures: string;
}

/** The symptoms of the last seconds. */
export class Symptoms {
  readonly #lag = new Smoothed(LAG_OVER_MS);
  readonly #seen = new Map<Sign, { readonly at: number; readonly figures: string }>();
  #engineAt: number | undefined;
  #vadWindows = 0;

  /** How late the service's timers come on average. */
  get lagMs(): number {
    return this.#lag.value ?? 0;
  }

  /** A timer of the service's, `ms` after the one before, came `lateMs` late. */
  timerCame(lateMs: number, ms: number, now: number): void {
    this.#lag.add(Math.max(0, lateMs), ms);
    if (this.lagMs > MOST_LAG_MS) {
      this.#note("event_loop", `timers come ${Math.round(this.lagMs)} ms late`, now);
    }
    if (this.#engineAt !== undefined && now - this.#engineAt > LONGEST_SILENCE_MS) {
      const silentMs = Math.round(now - this.#engineAt);
      this.#note("voice_detection", `the speech engine was last heard ${silentMs} ms ago`, now);
    }
  }

  /** What the engine measured; undefined once it is gone, which is no matter of capacity. */
  engineMeasured(stats: EngineStats | undefined, now: number): void {
    this.#engineAt = stats && now;
    if (!stats) return;
    const { recognition: { longestWaitMs }, vad: { latency } } = stats;
    if (longestWaitMs > MOST_WAIT_MS) {
      this.#note("recognition", `a caller waited ${Math.round(longestWaitMs)} ms`, now);
    }
    // Without new windows the figures are those of calls that are over.
    if (latency.count !== this.#vadWindows && latency.p95 > MOST_VAD_MS) {
      this.#note("voice_detection", `answers take ${Math.round(latency.p95)} ms`, now);
    }
    this.#vadWindows = latency.count;
  }

  /** The symptom of this moment, if there is one. */
  present(now: number): Symptom | undefined {
    for (const [ranOut, { at, figures }] of this.#seen) {
      if (now - at <= REMEMBERED_MS) return { ranOut, figures };
    }
    return undefined;
  }

  #note(sign: Sign, figures: string, at: number): void {
    this.#seen.set(sign, { at, figures });
  }
}
