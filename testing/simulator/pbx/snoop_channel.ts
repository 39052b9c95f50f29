// A channel that hears what another one's far end says: `POST /channels/{id}/snoop`, spy=in.

import { FRAME_SAMPLES, type Pcm } from "../../../media/frame.ts";
import { type ChannelOptions, SimulatedChannel } from "./channel.ts";
import type { PbxClock } from "./clock.ts";

const SILENCE: Pcm = new Int16Array(FRAME_SAMPLES);

/** A frame every 20 ms, silence while the far end sends none: a snoop runs on a timer of its own. */
export class SnoopChannel extends SimulatedChannel {
  readonly #clock: Disposable;
  readonly #heard: Pcm[] = [];

  /** @param say what the channel is to say, a frame at a time. */
  constructor(
    readonly target: SimulatedChannel,
    clock: PbxClock,
    say: (snoop: SnoopChannel, frame: Pcm) => void,
    options: ChannelOptions,
  ) {
    super(options);
    this.#clock = clock.subscribe(() => say(this, this.#heard.shift() ?? SILENCE));
  }

  /** The far end of the channel it listens to has said something. */
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
