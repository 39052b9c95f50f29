// Audio of any length in, frames of 20 ms out.

import { FRAME_SAMPLES, type Pcm } from "../../media/frame.ts";

/** Cuts one stream of audio into frames; the remainder begins the next frame. */
export class FrameCutter {
  #tail = new Int16Array(FRAME_SAMPLES);
  #tailSamples = 0;

  /** Samples of an incomplete frame. */
  get pendingSamples(): number {
    return this.#tailSamples;
  }

  /** The frames that this audio completes; a whole frame is passed through without copying. */
  push(pcm: Pcm): Pcm[] {
    if (this.#tailSamples === 0 && pcm.length === FRAME_SAMPLES) return [pcm];
    const frames: Pcm[] = [];
    let at = 0;
    while (at < pcm.length) {
      const take = Math.min(FRAME_SAMPLES - this.#tailSamples, pcm.length - at);
      this.#tail.set(pcm.subarray(at, at + take), this.#tailSamples);
      this.#tailSamples += take;
      at += take;
      if (this.#tailSamples === FRAME_SAMPLES) frames.push(this.#take());
    }
    return frames;
  }

  /** The incomplete frame, padded with silence; undefined when there is none. */
  pad(): Pcm | undefined {
    if (this.#tailSamples === 0) return undefined;
    this.#tail.fill(0, this.#tailSamples);
    return this.#take();
  }

  /** Drops the incomplete frame. */
  clear(): void {
    this.#tailSamples = 0;
  }

  #take(): Pcm {
    this.#tailSamples = 0;
    return this.#tail.slice();
  }
}
