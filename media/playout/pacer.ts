// Plays audio out in real time, for transports whose playout clock is ours (audiosocket, rtp): a
// frame every 20 ms, silence where there is none, and a mark when a phrase has been heard.

import type { AudioOutput } from "../audio_output.ts";
import { FRAME_MS, FRAME_SAMPLES, type Pcm, SAMPLE_RATE_HZ } from "../frame.ts";
import type { Counters } from "../line_stats.ts";
import { type Beat, FrameClock, SYSTEM_TIME, type TimeSource } from "./frame_clock.ts";
import { FrameQueue } from "./frame_queue.ts";
import type { Resampler } from "../codec/resample.ts";

/** The line behind a pacer. Nothing here may throw. */
export interface PacedSink {
  /**
   * A frame is due. `frame` is undefined where there is nothing to say: send silence, since many
   * phones and trunks drop a leg without RTP. `skipped` frame times were lost before it.
   */
  onFrame(frame: Pcm | undefined, skipped: number): void;
  /** All audio before this mark left at least a frame's length ago, so it has been heard. */
  onMark(markId: string): void;
  /** False while the far end takes nothing: frames then wait, since a burst would distort the audio. */
  ready?(): boolean;
}

/** What the pacer counts. */
export type PacerStats = Counters<
  "framesSent" | "framesLate" | "framesSkipped" | "framesHeld"
>;

/** Options of a `Pacer`. */
export interface PacerOptions {
  /** Converts to the line's rate; the pacer disposes it. Without one the line is 16 kHz. */
  readonly resampler?: Resampler;
  readonly time?: TimeSource;
  /** Receives the lateness of each beat in milliseconds; for benchmarks. */
  readonly onBeat?: (lateMs: number) => void;
}

/** The output of a line whose playout clock is ours. */
export class Pacer implements AudioOutput, Disposable {
  readonly stats: PacerStats = { framesSent: 0, framesLate: 0, framesSkipped: 0, framesHeld: 0 };
  readonly #queue: FrameQueue;
  readonly #sink: PacedSink;
  readonly #clock: FrameClock;
  readonly #resampler: Resampler | undefined;
  readonly #onBeat: (lateMs: number) => void;
  #state: "new" | "running" | "over" = "new";
  #paused = false;
  #flushed: PromiseWithResolvers<void> | undefined;

  constructor(sink: PacedSink, options: PacerOptions = {}) {
    this.#resampler = options.resampler;
    const lineHz = options.resampler?.toHz ?? SAMPLE_RATE_HZ;
    this.#queue = new FrameQueue(FRAME_SAMPLES * lineHz / SAMPLE_RATE_HZ, lineHz);
    this.#sink = sink;
    this.#onBeat = options.onBeat ?? (() => {});
    this.#clock = new FrameClock((beat) => this.#beat(beat), options.time ?? SYSTEM_TIME);
  }

  /** Starts sending: silence until there is audio. */
  start(): void {
    this.#state = "running";
    this.#clock.start();
  }

  get bufferedMs(): number {
    return this.#queue.bufferedMs;
  }

  send(pcm: Pcm): void {
    if (this.#state === "over") return;
    this.#queue.push(this.#resampler ? this.#resampler.push(pcm) : pcm);
  }

  endOfPhrase(markId: string): void {
    if (this.#state === "over") return;
    if (this.#resampler) this.#queue.push(this.#resampler.flush());
    this.#queue.mark(markId);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
  }

  /** Resolves on the next beat, when the last frame that left has been played. */
  flush(): Promise<void> {
    if (this.#state === "over") return Promise.resolve();
    this.#resampler?.flush();
    this.#queue.clear();
    this.#paused = false;
    if (this.#state === "new") return Promise.resolve();
    this.#flushed ??= Promise.withResolvers();
    return this.#flushed.promise;
  }

  /** Stops for good: queued audio is never heard, and a flush under way ends. */
  [Symbol.dispose](): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#clock[Symbol.dispose]();
    this.#queue.clear();
    this.#resampler?.[Symbol.dispose]();
    this.#settleFlush();
  }

  #beat({ lateMs, skipped }: Beat): void {
    this.#onBeat(lateMs);
    if (lateMs >= FRAME_MS) this.stats.framesLate++;
    this.stats.framesSkipped += skipped;
    this.#settleFlush();
    for (const markId of this.#queue.takeDueMarks()) this.#sink.onMark(markId);
    if (this.#sink.ready?.() === false) {
      this.stats.framesHeld++;
      return;
    }
    const frame = this.#paused ? undefined : this.#queue.takeFrame();
    if (frame) this.stats.framesSent++;
    this.#sink.onFrame(frame, skipped);
  }

  #settleFlush(): void {
    this.#flushed?.resolve();
    this.#flushed = undefined;
  }
}
