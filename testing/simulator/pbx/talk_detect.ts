// TALK_DETECT(set): reports when a channel's far end begins and stops making sound.

import { FRAME_MS, type Pcm } from "../../../media/frame.ts";
import type { SimulatedChannel } from "./channel.ts";

/**
 * Defaults of func_talkdetect: the silence that ends talking, the mean level that counts as
 * talking.
 */
const SILENCE_MS = 2500;
const TALKING_LEVEL = 256;

/** Sends an event about the talking on one channel. */
export type TellTalking = (type: string, facts: Record<string, unknown>) => void;

/** The detector of one channel. */
export class TalkDetect {
  readonly #tell: TellTalking;
  readonly #silenceMs: number;
  readonly #level: number;
  #talkedMs = 0;
  #quietMs = 0;
  /** As on Asterisk, a channel counts as talking from its first frame until it falls silent. */
  #talking = false;

  /** @param setting `<silence ms>,<level>`; each may be missing. */
  constructor(setting: string, tell: TellTalking) {
    const [silence, level] = setting.split(",").map(Number);
    this.#silenceMs = silence || SILENCE_MS;
    this.#level = level || TALKING_LEVEL;
    this.#tell = tell;
  }

  hear(frame: Pcm): void {
    const mean = frame.reduce((sum, sample) => sum + Math.abs(sample), 0) / frame.length;
    this.#quietMs = mean >= this.#level ? 0 : this.#quietMs + FRAME_MS;
    const quiet = this.#quietMs >= this.#silenceMs;
    if (!quiet && !this.#talking) {
      this.#talking = true;
      this.#talkedMs = 0;
      this.#tell("ChannelTalkingStarted", {});
    }
    this.#talkedMs += FRAME_MS;
    if (quiet && this.#talking) {
      this.#talking = false;
      this.#tell("ChannelTalkingFinished", { duration: this.#talkedMs - this.#quietMs });
    }
  }
}

/** The detectors of all channels. */
export class TalkDetectors {
  readonly #detectors = new WeakMap<SimulatedChannel, TalkDetect>();

  set(channel: SimulatedChannel, setting: string, tell: TellTalking): void {
    this.#detectors.set(channel, new TalkDetect(setting, tell));
  }

  hear(channel: SimulatedChannel, frame: Pcm): void {
    this.#detectors.get(channel)?.hear(frame);
  }
}
