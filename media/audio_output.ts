// The bot's side of a call's line, whoever owns the playout clock.

import type { Pcm } from "./frame.ts";

/** A queue of audio and marks that is played out to the caller. */
export interface AudioOutput {
  /**
   * Appends audio to the queue: 16 kHz, of any length. It is cut into frames, and `endOfPhrase`
   * pads the last one. The array must not be changed afterwards.
   */
  send(pcm: Pcm): void;

  /**
   * Pads a tail shorter than a frame with silence, then queues a mark, which
   * `MediaHandlers.onMark` reports once everything before it has been played.
   *
   * @param markId unique within the call and short, such as `e12`: it travels to the PBX as it is.
   */
  endOfPhrase(markId: string): void;

  /** Queued audio not yet played out, in milliseconds (an estimate where Asterisk owns the clock). */
  readonly bufferedMs: number;

  /** Stops playout within a frame; queued audio and marks are kept. */
  pause(): void;

  /** Continues where `pause` stopped. */
  resume(): void;

  /** Drops all queued audio and marks, and ends a pause; resolves when none of it can be heard any more. */
  flush(): Promise<void>;
}
