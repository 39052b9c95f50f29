// Running figures of the engine, cheap enough to keep in every service.

import type { TranscribeReply } from "./protocol.ts";

/** A summary of a distribution. */
export interface Summary {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** The engine's figures for the operator: times in milliseconds, summaries of the last 500 values. */
export interface EngineStats {
  /** Call isolates connected to it. */
  readonly calls: number;
  readonly vad: {
    /** Windows waiting now. */
    readonly waiting: number;
    /** Windows run together. */
    readonly batchSize: Summary;
    /** From a window's arrival to its probability. */
    readonly latency: Summary;
  };
  readonly recognition: {
    /** Recogniser threads. */
    readonly recognizers: number;
    /** For how long they have recognised since the engine started, added up over them all. */
    readonly busyMs: number;
    /** Urgent requests waiting now. */
    readonly waiting: number;
    /** The longest that an urgent request has waited for a recogniser since the figures before these. */
    readonly longestWaitMs: number;
    /** From an urgent request to its text. */
    readonly urgentLatency: Summary;
    /** Spent recognising. */
    readonly time: Summary;
    /** How requests ended, since the engine started. */
    readonly outcomes: Readonly<Record<TranscribeReply["kind"], number>>;
  };
  /** Undefined until a voice is loaded. */
  readonly voice: {
    /** Phrases waiting now. */
    readonly waiting: number;
    /** From a phrase's arrival to its first audio. */
    readonly firstAudio: Summary;
    /** From a phrase's arrival to its last audio. */
    readonly phrase: Summary;
  } | undefined;
}

/** The recent values of a quantity. */
export class Distribution {
  readonly #recent: number[] = [];
  readonly #keep: number;
  #count = 0;

  /** @param keep how many of the last values the percentiles are taken from. */
  constructor(keep = 500) {
    this.#keep = keep;
  }

  add(value: number): void {
    this.#recent[this.#count++ % this.#keep] = value;
  }

  /** The count of all values, and percentiles and maximum of the recent ones (0 when there are none). */
  summary(): Summary {
    const sorted = this.#recent.toSorted((a, b) => a - b);
    const at = (share: number) =>
      sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
    return { count: this.#count, p50: at(0.5), p95: at(0.95), max: sorted.at(-1) ?? 0 };
  }
}
