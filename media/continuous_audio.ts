// Asterisk sends no frames while the far end sends none (a muted phone, silence suppression).
// Everything downstream counts time in audio, so this stage fills the gaps with silence.

import { FRAME_MS, FRAME_SAMPLES, type Pcm } from "./frame.ts";

/** How far audio may fall behind the clock before silence takes its place: the jitter allowed. */
export const GAP_TOLERANCE_MS = 100;

/** How often the gaps are filled. Frames pass without delay; a timer per frame is a tenth of a call's CPU. */
const FILL_MS = 3 * FRAME_MS;

/** Turns a caller's frames into a gapless stream: one frame every 20 ms on average. */
export class ContinuousAudio implements Disposable {
  #startedAt: number | undefined;
  #frames = 0;
  #timer?: ReturnType<typeof setInterval>;

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
    this.#timer = setInterval(() => this.fill(), FILL_MS);
  }

  /** Takes the caller's next frame. */
  push(frame: Pcm): void {
    if (this.#startedAt === undefined) return;
    this.fill();
    this.#emit(frame);
  }

  /** Puts silence in place of the audio that is missing by now. */
  fill(): void {
    if (this.#startedAt === undefined) return;
    const elapsedMs = this.now() - this.#startedAt;
    while (elapsedMs - this.#frames * FRAME_MS > this.toleranceMs) {
      this.#emit(new Int16Array(FRAME_SAMPLES));
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #emit(frame: Pcm): void {
    this.#frames++;
    this.emit(frame);
  }
}
