// Cuts audio that comes in pieces of any length into frames of 20 ms.

import { FRAME_SAMPLES, type Pcm } from "./frame.ts";

/** Collects samples and gives them on a frame at a time; a remainder waits for more. */
export class Framer {
  readonly #onFrame: (frame: Pcm) => void;
  #frame: Pcm;
  #filled = 0;

  constructor(onFrame: (frame: Pcm) => void, frameSamples: number = FRAME_SAMPLES) {
    this.#onFrame = onFrame;
    this.#frame = new Int16Array(frameSamples);
  }

  push(pcm: Pcm): void {
    if (this.#filled === 0 && pcm.length === this.#frame.length) return this.#onFrame(pcm);
    for (let at = 0; at < pcm.length;) {
      const part = pcm.subarray(at, at + this.#frame.length - this.#filled);
      this.#frame.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === this.#frame.length) {
        const whole = this.#frame;
        this.#frame = new Int16Array(whole.length);
        this.#filled = 0;
        this.#onFrame(whole);
      }
    }
  }

  /** Forgets a remainder, where what follows does not continue it. */
  reset(): void {
    this.#filled = 0;
  }
}
