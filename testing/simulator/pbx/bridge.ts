// A bridge, through which channels hear one another.

import type { Pcm } from "../../../media/frame.ts";
import type { SimulatedChannel } from "./channel.ts";
import { ariDate, AriFailure } from "../ari/wire.ts";

/**
 * A mixing or holding bridge. Between two channels it passes frames through, like Asterisk's
 * simple_bridge.
 */
export class SimulatedBridge {
  readonly id: string;
  readonly name: string;
  readonly holding: boolean;
  readonly channels = new Set<SimulatedChannel>();
  /** Applications that hear of its end. */
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

  /**
   * Passes a member's frame to the others. Of more than two nothing is mixed: each hears each in
   * turn.
   */
  voice(from: SimulatedChannel, frame: Pcm): void {
    if (this.holding) return;
    for (const channel of this.channels) {
      if (channel !== from && !channel.playing) channel.hear(frame);
    }
  }

  /** Passes a member's key to the others. */
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
