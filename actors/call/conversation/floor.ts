// Who has the floor: while the bot speaks, the caller's speech holds playout until it is known
// what it is.

import {
  type BargeInOptions,
  judge,
  mayBeEcho,
  type Verdict,
} from "../../../media/turns/barge_in.ts";
import type { Playout } from "../../../media/playout/playout.ts";
import type { HeardSoFar } from "../recogniser.ts";

type SpokenPlayout = Pick<Playout<unknown>, "audibleSince" | "pause">;

/** When an interruption began, and when the bot fell silent for it (`performance.now()`). */
export interface Interruption {
  readonly onsetAt: number;
  readonly silentAt: number;
}

/** The caller's claims to the floor. */
export class Floor {
  readonly #bargeIn: BargeInOptions;
  readonly #onSpeaking: (speaking: boolean) => void;
  /** Playout is held while it is found out what the caller's speech is. */
  #suspect?: Interruption;
  #onsetAt = 0;
  #callerSpeaking = false;

  /** @param onSpeaking told when the caller begins and stops to speak. */
  constructor(bargeIn: BargeInOptions, onSpeaking: (speaking: boolean) => void) {
    this.#bargeIn = bargeIn;
    this.#onSpeaking = onSpeaking;
  }

  /** The claim that stands now; the present moment where playout was not held. */
  get interruption(): Interruption {
    return this.#suspect ?? { onsetAt: this.#onsetAt, silentAt: performance.now() };
  }

  /** The caller began to speak. */
  begin(onsetAt: number): void {
    this.#onsetAt = onsetAt;
    this.#tell(true);
  }

  /**
   * The PBX noticed sound from the caller before any of it has come: holds playout until it is known
   * whether it is speech.
   *
   * @returns whether playout is held now: not where the bot is silent, or may have heard itself.
   */
  expect(playout: SpokenPlayout): boolean {
    if (this.#suspect || playout.audibleSince === undefined || this.#mayBeEcho(playout)) {
      return false;
    }
    this.#hold(playout, performance.now());
    return true;
  }

  /** The caller has said what they wanted, or it was nothing. */
  end(): void {
    this.#tell(false);
  }

  /** What the caller's speech over the bot is, as far as it is known; holds playout meanwhile. */
  claim(soFar: HeardSoFar, playout: SpokenPlayout): Verdict {
    if (!this.#suspect) {
      if (soFar.paused || this.#mayBeEcho(playout)) return "undecided";
      this.#hold(playout, this.#onsetAt);
    }
    return judge(soFar, this.#bargeIn);
  }

  /** What a whole utterance is, by its words. */
  judge(text: string): Verdict {
    return judge({ speechMs: 0, paused: true, text }, this.#bargeIn);
  }

  /** Forgets the claim; true when playout was held for it. */
  clear(): boolean {
    const held = this.#suspect !== undefined;
    this.#suspect = undefined;
    return held;
  }

  #hold(playout: SpokenPlayout, onsetAt: number): void {
    playout.pause();
    this.#suspect = { onsetAt, silentAt: performance.now() };
  }

  #mayBeEcho({ audibleSince }: SpokenPlayout): boolean {
    const audibleMs = audibleSince === undefined ? Infinity : performance.now() - audibleSince;
    return mayBeEcho(audibleMs, this.#bargeIn);
  }

  #tell(speaking: boolean): void {
    if (this.#callerSpeaking === speaking) return;
    this.#callerSpeaking = speaking;
    this.#onSpeaking(speaking);
  }
}
