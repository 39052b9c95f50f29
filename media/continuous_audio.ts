// Asterisk sends no frames while the far end sends none (a muted phone, silence suppression).
// Everything downstream counts time in audio, so this stage fills the gaps with silence.

import { FRAME_MS, FRAME_SAMPLES, type Pcm } from "./frame.ts";

/** How far audio may fall behind the clock before silence takes its place: the jitter allowed. */
export const GAP_TOLERANCE_MS = 100;

/**
 * How often a gap is filled, and how often one is looked for while frames come. Frames pass without
 * delay, and fill what is missing before them; each timer costs a call's thread 0.2 ms (measured, Deno
 * 2.9.6), twice what a frame's arrival does.
 */
const FILL_MS = 3 * FRAME_MS;
const LOOK_MS = 6 * FRAME_MS;

/** Turns a caller's frames into a gapless stream: one frame every 20 ms on average. */
export class ContinuousAudio implements Disposable {
  #startedAt: number | undefined;
  #frames = 0;
  #timer?: ReturnType<typeof setTimeout>;

  /**
   * @param emit receives each frame, real or silent, in order.
   * @param now a monotonic clock in milliseconds.
   * @param toleranceMs how late audio may be before silence takes its place.
   */
  constructor(
    readonly emit: (frame: Pcm) => void,
    readonly now: () => number,
    readonly toleranceMs: number = GAP_TOLERANCE_MS,
  ) {}

  /** Begins the stream. Frames that came before are dropped. Called once. */
  start(): void {
    this.#startedAt = this.now();
    this.#watch(LOOK_MS);
  }

  /** Takes the caller's next frame. */
  push(frame: Pcm): void {
    if (this.#startedAt === undefined) return;
    this.fill();
    this.#emit(frame);
  }

  /** Puts silence in place of the audio that is missing by now; whether any was. */
  fill(): boolean {
    if (this.#startedAt === undefined) return false;
    const before = this.#frames;
    const elapsedMs = this.now() - this.#startedAt;
    while (elapsedMs - this.#frames * FRAME_MS > this.toleranceMs) {
      this.#emit(new Int16Array(FRAME_SAMPLES));
    }
    return this.#frames > before;
  }

  [Symbol.dispose](): void {
    this.#startedAt = undefined;
    clearTimeout(this.#timer);
  }

  #watch(afterMs: number): void {
    this.#timer = setTimeout(() => {
      const filled = this.fill();
      if (this.#startedAt !== undefined) this.#watch(filled ? FILL_MS : LOOK_MS);
    }, afterMs);
  }

  #emit(frame: Pcm): void {
    this.#frames++;
    this.emit(frame);
  }
}
