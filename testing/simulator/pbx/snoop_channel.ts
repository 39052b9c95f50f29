// A channel that hears another channel's far end: `POST /channels/{id}/snoop`, spy=in.

import { FRAME_SAMPLES, type Pcm } from "../../../media/frame.ts";
import { type ChannelOptions, SimulatedChannel } from "./channel.ts";
import type { PbxClock } from "./clock.ts";

const SILENCE: Pcm = new Int16Array(FRAME_SAMPLES);

/** Delivers a frame every 20 ms on a timer of its own, silence while the far end sends none. */
export class SnoopChannel extends SimulatedChannel {
  readonly #clock: Disposable;
  readonly #heard: Pcm[] = [];

  /** @param say takes each frame that this channel delivers. */
  constructor(
    readonly target: SimulatedChannel,
    clock: PbxClock,
    say: (snoop: SnoopChannel, frame: Pcm) => void,
    options: ChannelOptions,
  ) {
    super(options);
    this.#clock = clock.subscribe(() => say(this, this.#heard.shift() ?? SILENCE));
  }

  /** Takes a frame of the target's far end. */
  overhear(frame: Pcm): void {
    this.#heard.push(frame);
  }

  override hear(): void {}

  override hearDigit(): void {}

  override answer(): void {}

  override release(): void {
    this.#clock[Symbol.dispose]();
  }
}
