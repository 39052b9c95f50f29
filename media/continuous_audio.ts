// Asterisk sends no frames while the far end sends none (a muted phone, silence suppression).
// Everything behind this point counts time in audio, so the gaps are filled with silence.

import { FRAME_MS, FRAME_SAMPLES, type Pcm } from "./frame.ts";

/** How far audio may fall behind the clock before silence is put in its place: the jitter allowed. */
export const GAP_TOLERANCE_MS = 100;

/** Turns a caller's frames into a stream without gaps: one frame each 20 ms, on average. */
export class ContinuousAudio {
  #startedAt: number | undefined;
  #frames = 0;

  /**
   * @param emit takes each frame, real or silent, in order.
   * @param now milliseconds that only grow.
   * @param toleranceMs how late audio may come and still be audio.
   */
  constructor(
    readonly emit: (frame: Pcm) => void,
    readonly now: () => number,
    readonly toleranceMs: number = GAP_TOLERANCE_MS,
  ) {}

  /** A frame came from the caller. */
  push(frame: Pcm): void {
    this.#fill();
    this.#emit(frame);
  }

  /** To be called now and then: fills what is missing. */
  tick(): void {
    this.#fill();
  }

  #fill(): void {
    this.#startedAt ??= this.now();
    const elapsedMs = this.now() - this.#startedAt;
    while (elapsedMs - this.#frames * FRAME_MS > this.toleranceMs) {
      this.#emit(new Int16Array(FRAME_SAMPLES));
    }
  }

  #emit(frame: Pcm): void {
    this.#frames++;
    this.emit(frame);
  }
}
