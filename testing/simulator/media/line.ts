// A telephone line's effect on a voice: 8 kHz, the band of a phone, G.711 µ-law, and back to 16
// kHz.

import { FRAME_SAMPLES, type Pcm } from "../../../media/frame.ts";
import { decodeG711, encodeG711 } from "../../../media/codec/g711.ts";

/** How the caller's line carries audio. */
export type LineCodec = "ulaw" | "slin16";

/** One direction of a line, for 20 ms frames of 16 kHz. */
export type LineFilter = (frame: Pcm) => Pcm;

const SILENCE: Pcm = new Int16Array(FRAME_SAMPLES);
/** Passband edge of telephone speech (ITU-T G.712): what lies above would alias at 8 kHz. */
const CUTOFF_HZ = 3500;
const TAPS = 48;
/** For 16 kHz. */
const LOW_PASS = lowPass(TAPS, CUTOFF_HZ / 16_000);

/** A new direction of a line. It remembers the end of the previous frame. */
export function lineFilter(codec: LineCodec): LineFilter {
  if (codec === "slin16") return (frame) => frame;
  const down = decimator();
  const up = interpolator();
  let quietFrames = 2;
  return (frame) => {
    const quiet = frame.every((sample) => sample === 0);
    quietFrames = quiet ? quietFrames + 1 : 0;
    if (quietFrames > 2) return SILENCE;
    return up(throughUlaw(down(frame)));
  };
}

/** 16 kHz to 8 kHz, for one stream. */
export function decimator(): (frame: Int16Array) => Float32Array {
  const history = new History(TAPS);
  return (frame) => decimate(history, frame);
}

/**
 * Raises the rate of one stream by `factor`, by default 8 to 16 kHz.
 *
 * @param kernel a low-pass at the new rate whose taps are a multiple of `factor`.
 */
export function interpolator(
  factor = 2,
  kernel: Float32Array = LOW_PASS,
): (samples: ArrayLike<number>) => Pcm {
  const history = new History(kernel.length / factor);
  return (samples) => interpolate(history, samples, factor, kernel);
}

/** 16 kHz to 8 kHz. */
function decimate(history: History, frame: Int16Array): Float32Array {
  const input = history.before(frame);
  const output = new Float32Array(frame.length / 2);
  for (let n = 0; n < output.length; n++) {
    let sum = 0;
    const newest = 2 * n + TAPS;
    for (let k = 0; k < TAPS; k++) sum += LOW_PASS[k]! * input[newest - k]!;
    output[n] = sum;
  }
  return output;
}

/** Each output sample uses its own phase of the filter, so that the inserted zeros cost nothing. */
function interpolate(
  history: History,
  samples: ArrayLike<number>,
  factor: number,
  kernel: Float32Array,
): Pcm {
  const input = history.before(samples);
  const output = new Int16Array(samples.length * factor);
  const taps = kernel.length / factor;
  for (let n = 0; n < samples.length; n++) {
    const newest = n + taps;
    for (let phase = 0; phase < factor; phase++) {
      let sum = 0;
      for (let k = 0; k < taps; k++) sum += kernel[factor * k + phase]! * input[newest - k]!;
      output[factor * n + phase] = clip(factor * sum);
    }
  }
  return output;
}

/** The last samples of a stream, to go before the next ones. */
class History {
  readonly #tail: Float32Array;

  constructor(length: number) {
    this.#tail = new Float32Array(length);
  }

  before(samples: ArrayLike<number>): Float32Array {
    const whole = new Float32Array(this.#tail.length + samples.length);
    whole.set(this.#tail);
    whole.set(samples, this.#tail.length);
    this.#tail.set(whole.subarray(whole.length - this.#tail.length));
    return whole;
  }
}

/** G.711's effect on audio at 8 kHz. */
function throughUlaw(samples: Float32Array): Pcm {
  return decodeG711("ulaw", encodeG711("ulaw", Int16Array.from(samples, clip)));
}

/** A windowed sinc (Hamming); `cutoff` in cycles per sample. */
export function lowPass(taps: number, cutoff: number): Float32Array {
  const kernel = Float32Array.from({ length: taps }, (_, n) => {
    const t = n - (taps - 1) / 2;
    const hamming = 0.54 - 0.46 * Math.cos(2 * Math.PI * n / (taps - 1));
    return hamming * Math.sin(2 * Math.PI * cutoff * t) / (Math.PI * t);
  });
  const gain = kernel.reduce((sum, tap) => sum + tap, 0);
  return kernel.map((tap) => tap / gain);
}

function clip(sample: number): number {
  return Math.max(-32768, Math.min(32767, Math.round(sample)));
}
