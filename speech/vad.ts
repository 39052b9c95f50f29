// Voice activity detection as a call sees it.

import type { Pcm } from "../media/frame.ts";

/** Samples that a detector takes in one step: 32 ms at 16 kHz, Silero's window. */
export const VAD_WINDOW_SAMPLES = 512;

/** One call's detector: windows go in and probabilities come out in the same order. */
export interface VadStream {
  /**
   * Probability (0…1) that this window (`VAD_WINDOW_SAMPLES` samples) holds speech. The window may be
   * filled with other audio once this has returned.
   */
  probability(window: Pcm): Promise<number>;
  /**
   * Settles what has been found by now. A detector has no timer of its own, so this is to be called
   * with every frame: a timer 31 times a second costs a call's thread 0.6 % of a core (measured, Deno
   * 2.9.6), which is more than reading its frames.
   */
  look(): void;
}
