// What a caller has heard over a long run, kept as stretches of sound, so that no frame is examined twice.

import { type HeardFrame, isAudible, type SoundSpan } from "../../testing/mod.ts";
import { FRAME_MS } from "../../media/frame.ts";

/** Silences shorter than this are part of speech. */
const JOINED_MS = 200;

/** The sounds in a growing list of frames. Times are `performance.now()` milliseconds. */
export class Hearing {
  readonly #frames: readonly HeardFrame[];
  readonly #sounds: { from: number; to: number }[] = [];
  #next = 0;

  constructor(frames: readonly HeardFrame[]) {
    this.#frames = frames;
  }

  /** All stretches of sound so far. */
  get sounds(): readonly SoundSpan[] {
    for (; this.#next < this.#frames.length; this.#next++) {
      const frame = this.#frames[this.#next]!;
      if (!isAudible(frame)) continue;
      const last = this.#sounds.at(-1);
      if (last && frame.at - last.to < JOINED_MS) last.to = frame.at + FRAME_MS;
      else this.#sounds.push({ from: frame.at, to: frame.at + FRAME_MS });
    }
    return this.#sounds;
  }

  /** When the first sound at or after `since` was heard. */
  soundAfter(since: number): number | undefined {
    const sound = this.sounds.find(({ to }) => to > since);
    return sound && Math.max(sound.from, since);
  }

  /** When the last sound ended; undefined before the first. */
  get lastSoundAt(): number | undefined {
    return this.sounds.at(-1)?.to;
  }
}
