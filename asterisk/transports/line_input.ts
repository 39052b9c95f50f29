// The caller's audio from a line of any rate and packet length, as the frames everything behind
// it works on.

import { type Pcm, SAMPLE_RATE_HZ } from "../../media/frame.ts";
import { Resampler } from "../../media/codec/resample.ts";
import { FrameCutter } from "./frame_cutter.ts";

/** The filter is filled with one such part of a second of silence. */
const PRIMED_PER_SECOND = 50;

/** One line's audio in. */
export class LineInput implements Disposable {
  readonly #cutter = new FrameCutter();
  readonly #onFrame: (frame: Pcm) => void;
  readonly #resampler: Resampler;

  private constructor(onFrame: (frame: Pcm) => void, resampler: Resampler) {
    this.#onFrame = onFrame;
    this.#resampler = resampler;
    // What the filter keeps back goes in front as silence: a packet then completes a frame at once,
    // where without it every frame would wait for the packet after its own.
    const primed = resampler.push(new Int16Array(resampler.fromHz / PRIMED_PER_SECOND));
    this.#cutter.push(new Int16Array(SAMPLE_RATE_HZ / PRIMED_PER_SECOND - primed.length));
  }

  /** Prepares to take audio of `lineHz` and give 16 kHz frames to `onFrame`. */
  static async open(lineHz: number, onFrame: (frame: Pcm) => void): Promise<LineInput> {
    return new LineInput(onFrame, await Resampler.create(lineHz));
  }

  /** The next audio of the line. */
  push(pcm: Pcm): void {
    for (const frame of this.#cutter.push(this.#resampler.push(pcm))) this.#onFrame(frame);
  }

  [Symbol.dispose](): void {
    this.#resampler[Symbol.dispose]();
  }
}
