// Tells loud from quiet in a caller's audio: where a cut falls between words, and whether anything
// has been said since a given moment. It measures; detecting speech is the call's VAD's work.

import { durationMs, levelDbfs, type Pcm } from "./frame.ts";

/** Quiet is this far below the recent maximum … */
const UNDER_LOUDEST_DB = 22;
/** … or below this, however quiet the rest. */
const SILENCE_DBFS = -65;
/** How fast the recent maximum decays. */
const FORGET_DB_PER_SECOND = 1;

/** Follows the level of one caller's audio. */
export class LevelMeter {
  #loudestDbfs = -Infinity;
  #quietMs = 0;

  /** How long it has been quiet. */
  get quietMs(): number {
    return this.#quietMs;
  }

  /** The next audio, best in frames: each counts as quiet or not as a whole. */
  push(pcm: Pcm): void {
    const ms = durationMs(pcm.length);
    const level = levelDbfs(pcm);
    this.#loudestDbfs = Math.max(
      this.#loudestDbfs - FORGET_DB_PER_SECOND * ms / 1000,
      level,
    );
    const quiet = level < SILENCE_DBFS || level < this.#loudestDbfs - UNDER_LOUDEST_DB;
    this.#quietMs = quiet ? this.#quietMs + ms : 0;
  }
}
