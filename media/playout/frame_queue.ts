// Audio and marks waiting to be played out, in the order they came.

import { durationMs, type Pcm } from "../frame.ts";

/** A queue that audio of any length enters and frames of one length leave. */
export class FrameQueue {
  readonly #frameSamples: number;
  readonly #sampleRateHz: number;
  #items: (Pcm | { readonly markId: string })[] = [];
  /** Samples of the first item that have left already. */
  #taken = 0;
  #samples = 0;
  /** Samples since the last mark, to know how much a phrase's tail lacks. */
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

  /** Fills a tail shorter than a frame with silence and queues a mark behind it. */
  mark(markId: string): void {
    const tail = this.#phraseSamples % this.#frameSamples;
    if (tail > 0) this.push(new Int16Array(this.#frameSamples - tail));
    this.#phraseSamples = 0;
    this.#items.push({ markId });
  }

  /** Takes the marks that no audio stands before. */
  takeDueMarks(): string[] {
    const due: string[] = [];
    for (let first = this.#items[0]; first && "markId" in first; first = this.#items[0]) {
      due.push(first.markId);
      this.#items.shift();
    }
    return due;
  }

  /** Takes one whole frame, or nothing while there is less than one before the next mark. */
  takeFrame(): Pcm | undefined {
    if (this.#samples < this.#frameSamples) return undefined;
    const frame = new Int16Array(this.#frameSamples);
    let filled = 0;
    while (filled < frame.length) {
      const first = this.#items[0];
      // Marks come only at frame boundaries, so audio of this frame is still to come.
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
