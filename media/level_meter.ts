// Loud and quiet in the caller's audio: where a cut falls between words, and whether anything was
// said since a moment. A measure, not a detector of speech: that is the call's.

import { durationMs, levelDbfs, type Pcm } from "./frame.ts";

/** Quiet is this far under the loudest of late … */
const UNDER_LOUDEST_DB = 22;
/** … or under this, however quiet the rest. */
const SILENCE_DBFS = -65;
/** "Of late": the loudest is forgotten at this rate. */
const FORGET_DB_PER_SECOND = 1;

/** Follows the level of one caller's audio. */
export class LevelMeter {
  #loudestDbfs = -Infinity;
  #quietMs = 0;

  /** How long it has been quiet, up to now. */
  get quietMs(): number {
    return this.#quietMs;
  }

  /** The next audio, best in frames: each is quiet or not as a whole. */
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
