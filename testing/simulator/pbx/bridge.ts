// A bridge: what one channel says, the others hear.

import type { Pcm } from "../../../media/frame.ts";
import type { SimulatedChannel } from "./channel.ts";
import { ariDate, AriFailure } from "../ari/wire.ts";

/** A mixing or holding bridge. With two channels it passes frames through, as Asterisk's simple_bridge does. */
export class SimulatedBridge {
  readonly id: string;
  readonly name: string;
  readonly holding: boolean;
  readonly channels = new Set<SimulatedChannel>();
  /** Applications that are told when it goes. */
  readonly watchers = new Set<string>();
  readonly #createdAt = ariDate();

  /** @param type ARI's comma-separated list, e.g. `mixing,dtmf_events`. */
  constructor(id: string, name: string, type: string) {
    const types = type.split(",");
    if (!types.every((word) => KNOWN_TYPES.has(word))) {
      throw new AriFailure(500, "Unable to create bridge");
    }
    this.id = id;
    this.name = name;
    this.holding = types.includes("holding");
  }

  /** One frame from a member, to the others. More than two are not mixed: each hears each in turn. */
  voice(from: SimulatedChannel, frame: Pcm): void {
    if (this.holding) return;
    for (const channel of this.channels) {
      if (channel !== from && !channel.playing) channel.hear(frame);
    }
  }

  /** A key from a member, to the others. */
  digit(from: SimulatedChannel, digit: string): void {
    if (this.holding) return;
    for (const channel of this.channels) if (channel !== from) channel.hearDigit(digit);
  }

  /** As ARI shows it. */
  toJson(): Record<string, unknown> {
    return {
      id: this.id,
      technology: this.holding
        ? "holding_bridge"
        : this.channels.size > 2
        ? "softmix"
        : "simple_bridge",
      bridge_type: this.holding ? "holding" : "mixing",
      bridge_class: "stasis",
      creator: "Stasis",
      name: this.name,
      channels: [...this.channels].map(({ id }) => id),
      creationtime: this.#createdAt,
      video_mode: "talker",
    };
  }
}

const KNOWN_TYPES = new Set([
  "mixing",
  "holding",
  "dtmf_events",
  "proxy_media",
  "video_sfu",
  "video_single",
  "sdp_label",
]);
