// From speech probabilities to "the caller began to speak" and "the caller paused".

/** Tuning of a `SpeechDetector`. */
export interface SpeechDetectorOptions {
  /** Probability from which a window counts as speech, 0…1. */
  readonly threshold: number;
  /** Length of one window in milliseconds. */
  readonly windowMs: number;
}

/** A word may dip below the threshold: it lasts until the probability falls this much lower (Silero's own rule). */
const HYSTERESIS = 0.15;
/** This many speech windows among the last `ONSET_SPAN` make an onset: a click is one window, a word is more. */
const ONSET_WINDOWS = 2;
const ONSET_SPAN = 3;
/** Silence this long is a pause rather than the closure of a consonant, in milliseconds. */
export const PAUSE_MS = 160;

/** What the newest window changed. */
export type SpeechChange = "onset" | "pause" | undefined;

/** Follows one call's speech, window by window. */
export class SpeechDetector {
  readonly #options: SpeechDetectorOptions;
  #recent: boolean[] = [];
  #speaking = false;
  #silentWindows = 0;
  #spokenWindows = 0;

  constructor(options: SpeechDetectorOptions) {
    this.#options = options;
  }

  /** Whether the caller is speaking: from an onset to the pause that follows it. */
  get speaking(): boolean {
    return this.#speaking;
  }

  /** Silence since the last window that held speech. */
  get silenceMs(): number {
    return this.#silentWindows * this.#options.windowMs;
  }

  /** Speech since the onset, without the silences between words. */
  get speechMs(): number {
    return this.#spokenWindows * this.#options.windowMs;
  }

  /** Takes the probability that the next window holds speech, 0…1. */
  update(probability: number): SpeechChange {
    const { threshold, windowMs } = this.#options;
    const speech = probability >= (this.#speaking ? threshold - HYSTERESIS : threshold);
    this.#recent = [...this.#recent.slice(1 - ONSET_SPAN), speech];
    if (speech) {
      this.#silentWindows = 0;
      this.#spokenWindows++;
    } else {
      this.#silentWindows++;
    }
    if (!this.#speaking) {
      const windows = this.#recent.filter(Boolean).length;
      if (!speech || windows < ONSET_WINDOWS) {
        if (windows === 0) this.#spokenWindows = 0;
        return undefined;
      }
      this.#speaking = true;
      this.#spokenWindows = windows;
      return "onset";
    }
    if (this.#silentWindows * windowMs < PAUSE_MS) return undefined;
    this.#speaking = false;
    return "pause";
  }
}
