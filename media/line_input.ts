// The caller's audio from a line of any rate and packet length, as the frames everything behind
// it works on.

import { type Pcm, SAMPLE_RATE_HZ } from "./frame.ts";
import { Framer } from "./framer.ts";
import { Resampler } from "./resample.ts";

/** One line's audio in. */
export class LineInput implements Disposable {
  readonly #framer: Framer;
  readonly #resampler: Resampler;
  #begun = false;

  private constructor(onFrame: (frame: Pcm) => void, resampler: Resampler) {
    this.#framer = new Framer(onFrame);
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
      this.#framer.push(new Int16Array(Math.max(0, owed - resampled.length)));
    }
    this.#framer.push(resampled);
  }

  [Symbol.dispose](): void {
    this.#resampler[Symbol.dispose]();
  }
}
