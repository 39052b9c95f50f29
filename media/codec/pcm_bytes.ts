// Samples from a byte stream whose chunks may split a sample.

import { type Pcm, pcmFromBytes } from "../frame.ts";

/** Joins 16-bit little-endian byte chunks of any length into samples. */
export class PcmBytes {
  #half: number | undefined;

  /** The samples that this chunk completes; an odd byte waits for the next chunk. */
  push(bytes: Uint8Array): Pcm {
    const carried = this.#half === undefined ? 0 : 1;
    if (carried === 0 && bytes.byteLength % 2 === 0) return pcmFromBytes(bytes);
    const whole = new Uint8Array(carried + bytes.byteLength);
    if (this.#half !== undefined) whole[0] = this.#half;
    whole.set(bytes, carried);
    this.#half = whole.byteLength % 2 === 0 ? undefined : whole.at(-1);
    return pcmFromBytes(whole);
  }
}
