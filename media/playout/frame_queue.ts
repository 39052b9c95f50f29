// Audio and marks waiting to be played out, in order.

import { durationMs, type Pcm } from "../frame.ts";

/** Audio of any length in, frames of one length out. */
export class FrameQueue {
  readonly #frameSamples: number;
  readonly #sampleRateHz: number;
  #items: (Pcm | { readonly markId: string })[] = [];
  /** Samples of the first item that have already left. */
  #taken = 0;
  #samples = 0;
  /** Samples since the last mark: they tell how much a phrase's last frame lacks. */
  #phraseSamples = 0;

  constructor(frameSamples: number, sampleRateHz: number) {
    this.#frameSamples = frameSamples;
    this.#sampleRateHz = sampleRateHz;
  }

  /** Queued audio, in milliseconds. */
  get bufferedMs(): number {
    return durationMs(this.#samples, this.#sampleRateHz);
  }

  /** Queues audio; the array must not be changed afterwards. */
  push(pcm: Pcm): void {
    if (pcm.length === 0) return;
    this.#items.push(pcm);
    this.#samples += pcm.length;
    this.#phraseSamples += pcm.length;
  }

  /** Pads an incomplete last frame with silence and queues a mark behind it. */
  mark(markId: string): void {
    const tail = this.#phraseSamples % this.#frameSamples;
    if (tail > 0) this.push(new Int16Array(this.#frameSamples - tail));
    this.#phraseSamples = 0;
    this.#items.push({ markId });
  }

  /** Takes the marks at the head of the queue. */
  takeDueMarks(): string[] {
    const due: string[] = [];
    for (let first = this.#items[0]; first && "markId" in first; first = this.#items[0]) {
      due.push(first.markId);
      this.#items.shift();
    }
    return due;
  }

  /** Takes one whole frame; undefined while there is less than one before the next mark. */
  takeFrame(): Pcm | undefined {
    if (this.#samples < this.#frameSamples) return undefined;
    const frame = new Int16Array(this.#frameSamples);
    let filled = 0;
    while (filled < frame.length) {
      const first = this.#items[0];
      // Marks stand only at frame boundaries, so the rest of this frame is audio.
      if (first === undefined || "markId" in first) throw new Error("a mark inside a frame");
      const part = first.subarray(this.#taken, this.#taken + frame.length - filled);
      frame.set(part, filled);
      filled += part.length;
      this.#taken += part.length;
      if (this.#taken === first.length) {
        this.#items.shift();
        this.#taken = 0;
      }
    }
    this.#samples -= frame.length;
    return frame;
  }

  /** Drops everything. */
  clear(): void {
    this.#items = [];
    this.#taken = 0;
    this.#samples = 0;
    this.#phraseSamples = 0;
  }
}
