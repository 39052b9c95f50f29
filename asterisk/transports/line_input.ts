// The caller's audio from a line of any sample rate and packet length, as frames of 20 ms at 16 kHz.

import { type Pcm, SAMPLE_RATE_HZ } from "../../media/frame.ts";
import { Resampler } from "../../media/codec/resample.ts";
import { FrameCutter } from "./frame_cutter.ts";

/** The filter is primed with one such part of a second of silence. */
const PRIMED_PER_SECOND = 50;

/** The incoming audio of one line. */
export class LineInput implements Disposable {
  readonly #cutter = new FrameCutter();
  readonly #onFrame: (frame: Pcm) => void;
  readonly #resampler: Resampler;

  private constructor(onFrame: (frame: Pcm) => void, resampler: Resampler) {
    this.#onFrame = onFrame;
    this.#resampler = resampler;
    // What the filter holds back is put in front as silence, so that each packet completes a frame;
    // otherwise every frame would wait for the packet after its own.
    const primed = resampler.push(new Int16Array(resampler.fromHz / PRIMED_PER_SECOND));
    this.#cutter.push(new Int16Array(SAMPLE_RATE_HZ / PRIMED_PER_SECOND - primed.length));
  }

  /** Prepares to take audio of `lineHz` and give 16 kHz frames to `onFrame`. */
  static async open(lineHz: number, onFrame: (frame: Pcm) => void): Promise<LineInput> {
    return new LineInput(onFrame, await Resampler.create(lineHz));
  }

  /** Takes the line's next audio. */
  push(pcm: Pcm): void {
    for (const frame of this.#cutter.push(this.#resampler.push(pcm))) this.#onFrame(frame);
  }

  [Symbol.dispose](): void {
    this.#resampler[Symbol.dispose]();
  }
}
