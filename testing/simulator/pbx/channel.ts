// What all channels of the simulated PBX have in common, whatever their technology.

import type { Pcm } from "../../../media/frame.ts";
import { ariDate } from "../ari/wire.ts";

/** A channel's state in ARI's words, as far as the simulator knows them. */
export type ChannelState = "Down" | "Ring" | "Up";

/** Where in the dialplan a channel is, in ARI's field names. */
export interface DialplanPosition {
  context: string;
  exten: string;
  priority: number;
  app_name: string;
  app_data: string;
}

/** Why a channel ended: a Q.850 cause, as Asterisk names it. */
export interface HangupCause {
  readonly code: number;
  readonly text: string;
  /** The websocket close code, on channels that have one. */
  readonly tech?: number;
}

/** The causes the simulator ends channels with (Asterisk's causes.h). */
export const CAUSE = {
  unknown: { code: 0, text: "Unknown" },
  normal: { code: 16, text: "Normal Clearing" },
  busy: { code: 17, text: "User busy" },
  noAnswer: { code: 19, text: "User alerting, no answer" },
  networkOutOfOrder: { code: 38, text: "Network out of order" },
} as const satisfies Record<string, HangupCause>;

/** Sends an event to the applications that watch a channel. */
export type TellOf = (
  channel: SimulatedChannel,
  type: string,
  facts: Record<string, unknown>,
) => void;

/** What a new channel starts with. */
export interface ChannelOptions {
  readonly id: string;
  readonly name: string;
  readonly state: ChannelState;
  readonly dialplan: DialplanPosition;
  readonly callerNumber?: string;
  readonly protocolId?: string;
  readonly language: string;
}

/** A channel: the PBX (pbx.ts) moves it about, its technology carries its audio. */
export abstract class SimulatedChannel {
  readonly id: string;
  readonly name: string;
  readonly dialplan: DialplanPosition;
  readonly variables = new Map<string, string>();
  /** Applications that hear of this channel whether it is in Stasis or not: those that made it. */
  readonly watchers = new Set<string>();
  state: ChannelState;
  language: string;
  /** The application it is in, while it is in Stasis. */
  app: string | undefined;
  /** What the dialplan ran before it entered an application. */
  appOutside: Pick<DialplanPosition, "app_name" | "app_data"> | undefined;
  /** The bridge it is in. */
  bridgeId: string | undefined;
  /** A playback is running: meanwhile the channel neither hears its bridge nor is heard there. */
  playing = false;
  /** It was hung up; nothing more happens to it. */
  gone = false;
  /** Number of the party it is connected to. */
  connectedNumber = "";
  readonly #callerNumber: string;
  readonly #protocolId: string;
  readonly #createdAt = ariDate();

  constructor(options: ChannelOptions) {
    this.id = options.id;
    this.name = options.name;
    this.state = options.state;
    this.dialplan = { ...options.dialplan };
    this.language = options.language;
    this.#callerNumber = options.callerNumber ?? "";
    this.#protocolId = options.protocolId ?? "";
  }

  /** Applications that hear of it: the one it is in, and those that made it. */
  get apps(): string[] {
    return this.app === undefined ? [...this.watchers] : [this.app, ...this.watchers];
  }

  get callerNumber(): string {
    return this.#callerNumber;
  }

  /** The technology's own id of the call, such as a SIP Call-ID; "" where there is none. */
  get protocolId(): string {
    return this.#protocolId;
  }

  /** The far end hears one frame (20 ms, 16 kHz). */
  abstract hear(frame: Pcm): void;

  /** The far end gets a key. */
  abstract hearDigit(digit: string): void;

  /** The PBX has answered the channel. */
  abstract answer(): void;

  /** The channel is about to end, on request or by the PBX itself; it can still send events. */
  ending(_requested: boolean): void {}

  /**
   * The channel has ended: releases sockets and clocks. Called once.
   *
   * @param cause undefined when the PBX has died and sends no farewell.
   */
  abstract release(cause: HangupCause | undefined): void;

  /** As ARI shows it. */
  toJson(): Record<string, unknown> {
    return {
      id: this.id,
      name: this.name,
      state: this.state,
      protocol_id: this.#protocolId,
      caller: { name: "", number: this.#callerNumber },
      connected: { name: "", number: this.connectedNumber },
      accountcode: "",
      dialplan: { ...this.dialplan },
      creationtime: this.#createdAt,
      language: this.language,
    };
  }
}
