// A real SIP phone that a test controls: sipp does the signalling, a worker of ours the audio.

import type { Pcm } from "../../../media/frame.ts";
import type { HeardFrame, TestCaller } from "../../../testing/mod.ts";
import { TestbedError } from "../error.ts";
import type { Phone } from "./phones.ts";
import { type SignallingOptions, SipSignalling } from "./sip_signalling.ts";
import { isKey } from "./telephone_event.ts";

/** How long the PBX has to take a hang-up before the phone vanishes. */
const HANG_UP_DEADLINE_MS = 3000;

/** One call of one phone. */
export class SipCaller implements TestCaller {
  readonly answered: Promise<void>;
  readonly ended: Promise<string>;
  readonly #phone: Phone;
  readonly #signalling: SipSignalling;

  /** Starts the call. `options.scenario` must name the phone's RTP port. */
  constructor(phone: Phone, options: SignallingOptions) {
    this.#phone = phone;
    this.#signalling = new SipSignalling(options);
    this.answered = this.#signalling.answered.then((rtpPort) => phone.connect(rtpPort));
    this.answered.catch(() => undefined); // Nobody need await it.
    this.ended = this.#signalling.ended.then(async (reason) => {
      await phone.close();
      return reason;
    });
  }

  get heard(): readonly HeardFrame[] {
    return this.#phone.heard;
  }

  async say(pcm: Pcm): Promise<{ readonly startedAt: number; readonly endedAt: number }> {
    await this.answered;
    return await this.#phone.say(pcm);
  }

  async press(digit: string): Promise<void> {
    if (!isKey(digit)) throw new TestbedError(`no phone has a key ${JSON.stringify(digit)}`);
    await this.answered;
    await this.#phone.press(digit);
  }

  mute(muted: boolean): void {
    this.#phone.mute(muted);
  }

  async hangUp(): Promise<void> {
    await this.#signalling.hangUp();
    await this.ended;
  }

  /** Drops off the call: no BYE, and no more audio. */
  async vanish(): Promise<void> {
    await this.#signalling.kill();
    await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const deadline = setTimeout(() => void this.#signalling.kill(), HANG_UP_DEADLINE_MS);
    try {
      await this.hangUp();
    } finally {
      clearTimeout(deadline);
    }
  }
}
