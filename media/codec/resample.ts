// Resamples PCM audio with libsamplerate (WebAssembly).

import libsamplerate from "@alexanderolsen/libsamplerate-js";
import { concatPcm, fromFloat32, type Pcm, SAMPLE_RATE_HZ, toFloat32 } from "../frame.ts";

type Converter = Awaited<ReturnType<typeof libsamplerate.create>>;

/** "live" costs about a third of "best" and keeps 80 % of the band. */
export type ResampleQuality = "live" | "best";

/** Samples per call of the library, which allocates a buffer of that size once. */
const BLOCK_SAMPLES = 32_768;

/** Resamples one stream of mono PCM, chunk by chunk. */
export class Resampler implements Disposable {
  readonly #converter: Converter | undefined;
  #samplesIn = 0;
  #samplesOut = 0;

  private constructor(
    readonly fromHz: number,
    readonly toHz: number,
    converter: Converter | undefined,
  ) {
    this.#converter = converter;
  }

  /**
   * A resampler between two rates (1…192 000 Hz).
   *
   * @throws {RangeError} for a rate the library does not support.
   */
  static async create(
    fromHz: number,
    toHz: number = SAMPLE_RATE_HZ,
    quality: ResampleQuality = "live",
  ): Promise<Resampler> {
    for (const rate of [fromHz, toHz]) {
      if (!Number.isInteger(rate) || rate < 1 || rate > 192_000) {
        throw new RangeError(`cannot resample ${fromHz} Hz to ${toHz} Hz: rates are 1…192000 Hz`);
      }
    }
    if (fromHz === toHz) return new Resampler(fromHz, toHz, undefined);
    const { SRC_SINC_FASTEST, SRC_SINC_MEDIUM_QUALITY } = libsamplerate.ConverterType;
    const converter = await libsamplerate.create(1, fromHz, toHz, {
      converterType: quality === "live" ? SRC_SINC_FASTEST : SRC_SINC_MEDIUM_QUALITY,
    });
    return new Resampler(fromHz, toHz, converter);
  }

  /** Takes the next audio; returns what is ready (the filter holds back about a millisecond). */
  push(pcm: Int16Array): Pcm {
    this.#samplesIn += pcm.length;
    return this.#convert(pcm);
  }

  /** Ends the stream: returns what was held back. The next `push` begins a new stream. */
  flush(): Pcm {
    const owed = Math.round(this.#samplesIn * this.toHz / this.fromHz) - this.#samplesOut;
    // Silence flushes the rest of the stream out of the filter.
    const tail = this.#convert(new Int16Array(Math.ceil(this.fromHz / 20))).subarray(0, owed);
    this.#samplesIn = this.#samplesOut = 0;
    // Setting a rate resets the library's state.
    if (this.#converter) this.#converter.inputSampleRate = this.fromHz;
    return tail.slice();
  }

  [Symbol.dispose](): void {
    this.#converter?.destroy();
  }

  #convert(pcm: Int16Array): Pcm {
    if (!this.#converter) {
      this.#samplesOut += pcm.length;
      return new Int16Array(pcm);
    }
    const parts: Float32Array[] = [];
    for (let at = 0; at < pcm.length; at += BLOCK_SAMPLES) {
      parts.push(this.#converter.full(toFloat32(pcm.subarray(at, at + BLOCK_SAMPLES))));
    }
    const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
    parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
    this.#samplesOut += whole.length;
    return fromFloat32(whole);
  }
}

/** Resampled in one go by `resample`: half a second of 16 kHz audio, some 10 ms of work. */
const PIECE_SAMPLES = 8192;

/**
 * Resamples a whole recording. Between two pieces its thread does its other work: of a call, which
 * would otherwise miss heartbeats on a busy machine.
 */
export async function resample(
  pcm: Int16Array,
  fromHz: number,
  toHz: number = SAMPLE_RATE_HZ,
): Promise<Pcm> {
  using resampler = await Resampler.create(fromHz, toHz, "best");
  const parts: Pcm[] = [];
  for (let at = 0; at < pcm.length; at += PIECE_SAMPLES) {
    parts.push(resampler.push(pcm.subarray(at, at + PIECE_SAMPLES)));
    await new Promise((done) => setTimeout(done));
  }
  return concatPcm([...parts, resampler.flush()]);
}
