// Audio of any length in, frames of 20 ms out.

import { FRAME_SAMPLES, type Pcm } from "../../media/frame.ts";

/** Cuts one stream of audio into frames; what is left over begins the next frame. */
export class FrameCutter {
  #tail = new Int16Array(FRAME_SAMPLES);
  #tailSamples = 0;

  /** Samples that wait for the rest of their frame. */
  get pendingSamples(): number {
    return this.#tailSamples;
  }

  /** The frames that are complete with this audio; a whole frame is passed through as it is. */
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

  /** What is left over, as a frame padded with silence; undefined when nothing is. */
  pad(): Pcm | undefined {
    if (this.#tailSamples === 0) return undefined;
    this.#tail.fill(0, this.#tailSamples);
    return this.#take();
  }

  /** Forgets what is left over. */
  clear(): void {
    this.#tailSamples = 0;
  }

  #take(): Pcm {
    this.#tailSamples = 0;
    return this.#tail.slice();
  }
}
