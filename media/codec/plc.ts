// Packet loss concealment: fills a gap with what was heard just before it, so that a lost packet is
// neither a click to the ear nor the end of a word to the recogniser. The method is that of ITU-T
// G.711 Appendix I: the last pitch period is repeated and fades out.

import { type Pcm, samplesIn } from "../frame.ts";

/** Periods of human pitch: 66 to 200 Hz. */
const SHORTEST_PERIOD_MS = 5;
const LONGEST_PERIOD_MS = 15;
/** The span over which a period is compared with the one before it. */
const COMPARED_MS = 20;
/** Concealment keeps its level this long and is silent after `FADE_MS`: any longer sounds robotic. */
const WHOLE_MS = 10;
const FADE_MS = 50;
/** After a loss, concealment is cross-faded into real audio over this long. */
const BLEND_MS = 5;

/** Conceals losses in one stream of audio. */
export class LossConcealer {
  readonly #rateHz: number;
  readonly #history: Pcm;
  #period: Pcm = new Int16Array();
  /** Samples concealed since the last real one. */
  #madeUp = 0;

  constructor(sampleRateHz: number) {
    this.#rateHz = sampleRateHz;
    this.#history = new Int16Array(samplesIn(LONGEST_PERIOD_MS + COMPARED_MS, sampleRateHz));
  }

  /** Takes real audio; returns it, smoothed where it follows a loss. */
  heard(pcm: Pcm): Pcm {
    const out = this.#madeUp > 0 ? this.#blend(pcm) : pcm;
    this.#madeUp = 0;
    this.#remember(out);
    return out;
  }

  /** The concealment for `samples` lost samples. */
  conceal(samples: number): Pcm {
    if (this.#madeUp === 0) this.#period = this.#lastPeriod();
    return this.#continue(samples);
  }

  #continue(samples: number): Pcm {
    const out = new Int16Array(samples);
    const whole = samplesIn(WHOLE_MS, this.#rateHz);
    const fade = samplesIn(FADE_MS, this.#rateHz);
    for (let i = 0; i < samples; i++, this.#madeUp++) {
      const gain = Math.max(0, Math.min(1, 1 - (this.#madeUp - whole) / fade));
      if (gain === 0) {
        this.#madeUp += samples - i;
        break;
      }
      out[i] = Math.round(this.#period[this.#madeUp % this.#period.length]! * gain);
    }
    return out;
  }

  #blend(pcm: Pcm): Pcm {
    const length = Math.min(samplesIn(BLEND_MS, this.#rateHz), pcm.length);
    const before = this.#continue(length);
    const out = pcm.slice();
    for (let i = 0; i < length; i++) {
      const weight = (i + 1) / (length + 1);
      out[i] = Math.round(pcm[i]! * weight + before[i]! * (1 - weight));
    }
    return out;
  }

  #remember(pcm: Pcm): void {
    const kept = this.#history.length - pcm.length;
    if (kept > 0) this.#history.copyWithin(0, pcm.length);
    this.#history.set(pcm.subarray(-this.#history.length), Math.max(0, kept));
  }

  /** The last pitch period, its end blended so that it can repeat without a seam. */
  #lastPeriod(): Pcm {
    const history = this.#history;
    const lag = this.#pitchLag();
    const start = history.length - lag;
    const period = history.slice(start);
    const bend = lag >> 2;
    for (let i = 0; i < bend; i++) {
      const weight = (i + 1) / (bend + 1);
      const at = lag - bend + i;
      period[at] = Math.round(period[at]! * (1 - weight) + history[start - bend + i]! * weight);
    }
    return period;
  }

  /** The lag at which the latest audio is most like what came before it. */
  #pitchLag(): number {
    const history = this.#history;
    const compared = samplesIn(COMPARED_MS, this.#rateHz);
    const longest = samplesIn(LONGEST_PERIOD_MS, this.#rateHz);
    const from = history.length - compared;
    let best = longest;
    let bestScore = 0;
    for (let lag = samplesIn(SHORTEST_PERIOD_MS, this.#rateHz); lag <= longest; lag++) {
      let product = 0;
      let energy = 1;
      for (let i = from; i < history.length; i++) {
        const earlier = history[i - lag]!;
        product += history[i]! * earlier;
        energy += earlier * earlier;
      }
      const score = product / Math.sqrt(energy);
      if (score > bestScore) {
        bestScore = score;
        best = lag;
      }
    }
    return best;
  }
}
