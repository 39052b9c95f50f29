// Makes synthesised audio fit for a telephone: no silence before the first sound, a short pause
// after the last, and the same loudness for every voice.

import { concatPcm, type Pcm, SAMPLE_RATE_HZ, samplesIn } from "../../../media/frame.ts";

/** A sample below this is silence (about -48 dBFS). */
const QUIET = 128;
/** Kept before the first sound, so that no soft consonant is cut off. */
const LEAD_SAMPLES = samplesIn(10);
/** Peaks above this share of full scale are bent instead of clipped. */
const KNEE = 0.75;

/** The loudness of speech, without its pauses, that every voice is brought to. */
export const TARGET_DBFS = -20;

/** Shapes one phrase of 16 kHz speech, chunk by chunk. */
export class PhraseShaper {
  readonly #gain: number;
  readonly #pauseSamples: number;
  /** Silence held back, since it may be the phrase's end. */
  #held: Pcm[] = [];
  #heldSamples = 0;
  #begun = false;

  /** @param gainDb as `gainFor` returns. @param pauseMs silence at the phrase's end. */
  constructor(gainDb: number, pauseMs: number) {
    this.#gain = 10 ** (gainDb / 20);
    this.#pauseSamples = samplesIn(pauseMs);
  }

  /** Takes the next audio and returns what can be played already, which may be nothing. */
  push(pcm: Int16Array): Pcm {
    const last = lastLoud(pcm);
    if (last < 0) {
      this.#hold(pcm);
      return new Int16Array(0);
    }
    const parts = this.#begun
      ? [...this.#held, pcm.subarray(0, last + 1)]
      : [this.#lead(pcm), pcm.subarray(firstLoud(pcm), last + 1)];
    this.#begun = true;
    const out = concatPcm(parts);
    this.#held = [];
    this.#heldSamples = 0;
    this.#hold(pcm.subarray(last + 1));
    for (let i = 0; i < out.length; i++) out[i] = amplified(out[i]!, this.#gain);
    return out;
  }

  /** Ends the phrase. Returns its closing pause, or nothing when it had no sound. */
  end(): Pcm {
    if (!this.#begun) return new Int16Array(0);
    const pause = new Int16Array(this.#pauseSamples);
    pause.set(concatPcm(this.#held).subarray(0, this.#pauseSamples));
    return pause;
  }

  /** The silence right before the first sound, which is in `pcm`. */
  #lead(pcm: Int16Array): Pcm {
    return concatPcm([...this.#held, pcm.subarray(0, firstLoud(pcm))]).slice(-LEAD_SAMPLES);
  }

  #hold(pcm: Int16Array): void {
    if (pcm.length === 0) return;
    this.#held.push(new Int16Array(pcm));
    this.#heldSamples += pcm.length;
    // Before the first sound only the lead is used.
    if (!this.#begun && this.#heldSamples > SAMPLE_RATE_HZ) {
      this.#held = [concatPcm(this.#held).slice(-LEAD_SAMPLES)];
      this.#heldSamples = LEAD_SAMPLES;
    }
  }
}

/** The gain, in dB, that brings a voice to `TARGET_DBFS`, measured on a sample of its speech. */
export function gainFor(sample: Int16Array): number {
  const loud = sample.filter((value) => Math.abs(value) >= QUIET);
  if (loud.length === 0) return 0;
  let sum = 0;
  for (const value of loud) sum += value * value;
  return TARGET_DBFS - 10 * Math.log10(sum / loud.length / (32768 * 32768));
}

function amplified(sample: number, gain: number): number {
  const value = sample / 32768 * gain;
  const size = Math.abs(value);
  const bent = size <= KNEE ? size : KNEE + (1 - KNEE) * Math.tanh((size - KNEE) / (1 - KNEE));
  return Math.round(Math.sign(value) * bent * 32767);
}

function firstLoud(pcm: Int16Array): number {
  return pcm.findIndex((sample) => Math.abs(sample) >= QUIET);
}

function lastLoud(pcm: Int16Array): number {
  return pcm.findLastIndex((sample) => Math.abs(sample) >= QUIET);
}
