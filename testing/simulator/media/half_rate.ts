// The audio of a leg that Asterisk carries at 8 kHz.

import type { Pcm } from "../../../media/frame.ts";
import { decimator, interpolator } from "./line.ts";

/** Converts one leg between the simulator's 16 kHz and the leg's 8 kHz, both ways. */
export class HalfRate {
  readonly #down = decimator();
  readonly #up = interpolator();

  /** 16 kHz to 8 kHz. */
  down(pcm: Pcm): Pcm {
    return Int16Array.from(this.#down(pcm), (sample) => Math.round(sample));
  }

  /** 8 kHz to 16 kHz. */
  up(pcm: Pcm): Pcm {
    return this.#up(Float32Array.from(pcm));
  }
}
