// Who has the floor: when the caller speaks over the bot, playout is held until it is known whether
// they interrupt.

import {
  type BargeInOptions,
  judge,
  mayBeEcho,
  type Verdict,
} from "../../../media/turns/barge_in.ts";
import type { Playout } from "../../../media/playout/playout.ts";
import type { HeardSoFar } from "../recogniser.ts";

/** When an interruption began, and when the bot fell silent for it (`performance.now()`). */
export interface Interruption {
  readonly onsetAt: number;
  readonly silentAt: number;
}

/** The caller's claims to the floor. */
export class Floor {
  readonly #bargeIn: BargeInOptions;
  readonly #playout: Pick<Playout<unknown>, "audibleSince" | "pause">;
  readonly #onSpeaking: (speaking: boolean) => void;
  /** The claim that is still undecided: playout is held for it. */
  #claim?: Interruption;
  #onsetAt = 0;
  #callerSpeaking = false;

  /**
   * @param playout what is held; whoever settles the claim resumes or flushes it.
   * @param onSpeaking takes whether the caller is speaking, at each change.
   */
  constructor(
    bargeIn: BargeInOptions,
    playout: Pick<Playout<unknown>, "audibleSince" | "pause">,
    onSpeaking: (speaking: boolean) => void,
  ) {
    this.#bargeIn = bargeIn;
    this.#playout = playout;
    this.#onSpeaking = onSpeaking;
  }

  /** The undecided claim; one of this moment where playout is not held. */
  get interruption(): Interruption {
    return this.#claim ?? { onsetAt: this.#onsetAt, silentAt: performance.now() };
  }

  /** The caller began to speak. */
  begin(onsetAt: number): void {
    this.#onsetAt = onsetAt;
    this.#setSpeaking(true);
  }

  /**
   * The PBX reports sound from the caller whose frames have not arrived yet: holds playout until it
   * is known whether it is speech.
   *
   * @returns whether playout is held for it: not while the bot is silent, or may have heard itself.
   */
  expect(): boolean {
    if (this.#claim || this.#playout.audibleSince === undefined || this.#mayBeEcho) return false;
    this.#hold(performance.now());
    return true;
  }

  /** The caller's utterance is over, or was nothing. */
  end(): void {
    this.#setSpeaking(false);
  }

  /** What the caller's speech over the bot is, as far as it is known. Holds playout meanwhile. */
  claim(soFar: HeardSoFar): Verdict {
    if (!this.#claim) {
      if (soFar.paused || this.#mayBeEcho) return "undecided";
      this.#hold(this.#onsetAt);
    }
    return judge(soFar, this.#bargeIn);
  }

  /** What a whole utterance is, by its words. */
  judge(text: string): Verdict {
    return judge({ speechMs: 0, paused: true, text }, this.#bargeIn);
  }

  /**
   * Forgets the undecided claim.
   *
   * @returns whether there was one, and playout is held for it.
   */
  clear(): boolean {
    const held = this.#claim !== undefined;
    this.#claim = undefined;
    return held;
  }

  #hold(onsetAt: number): void {
    this.#playout.pause();
    this.#claim = { onsetAt, silentAt: performance.now() };
  }

  get #mayBeEcho(): boolean {
    const { audibleSince } = this.#playout;
    const audibleMs = audibleSince === undefined ? Infinity : performance.now() - audibleSince;
    return mayBeEcho(audibleMs, this.#bargeIn);
  }

  #setSpeaking(speaking: boolean): void {
    if (this.#callerSpeaking === speaking) return;
    this.#callerSpeaking = speaking;
    this.#onSpeaking(speaking);
  }
}
