// The caller's audio from a line of any rate and packet length, as the frames everything behind
// it works on.

import { type Pcm, SAMPLE_RATE_HZ } from "../../media/frame.ts";
import { Resampler } from "../../media/resample.ts";
import { FrameCutter } from "./frame_cutter.ts";

/** One line's audio in. */
export class LineInput implements Disposable {
  readonly #cutter = new FrameCutter();
  readonly #onFrame: (frame: Pcm) => void;
  readonly #resampler: Resampler;
  #begun = false;

  private constructor(onFrame: (frame: Pcm) => void, resampler: Resampler) {
    this.#onFrame = onFrame;
    this.#resampler = resampler;
  }

  /** Prepares to take audio of `lineHz` and give 16 kHz frames to `onFrame`. */
  static async open(lineHz: number, onFrame: (frame: Pcm) => void): Promise<LineInput> {
    return new LineInput(onFrame, await Resampler.create(lineHz));
  }

  /** The next audio of the line. */
  push(pcm: Pcm): void {
    const resampled = this.#resampler.push(pcm);
    if (!this.#begun) {
      this.#begun = true;
      // What the filter keeps back goes in front as silence: a packet then completes a frame at
      // once, where without it every frame would wait for the packet after its own.
      const owed = Math.round(pcm.length * SAMPLE_RATE_HZ / this.#resampler.fromHz);
      this.#cutter.push(new Int16Array(Math.max(0, owed - resampled.length)));
    }
    for (const frame of this.#cutter.push(resampled)) this.#onFrame(frame);
  }

  [Symbol.dispose](): void {
    this.#resampler[Symbol.dispose]();
  }
}
