// How a call leaves the bot: a destination is decided, the bot says its last words, and the channel
// is sent there. When no isolate can speak any more, the PBX itself apologises.

import { logger } from "../../../config/logging.ts";
import type { CallRecord } from "../../call_record.ts";
import type { LastWords } from "../../messages.ts";
import { type ChannelSender, type Destination, sendChannel } from "./destination.ts";
import type { PbxSounds } from "./pbx_sounds.ts";

const log = logger("call");

/** A destination that the bot announces with last words. */
export type AnnouncedDestination = Exclude<Destination["to"], "transfer">;

/** What an exit works with. */
export interface CallExitOptions extends ChannelSender {
  readonly record: Pick<CallRecord, "id" | "channelId" | "phase">;
  readonly sounds: Pick<PbxSounds, "play">;
  /** Aborted when the call is over: then nothing more is done. */
  readonly over: AbortSignal;
  /** Has the isolate, if there is one, say its last words; `send` follows once they were heard. */
  sayLast(prompt: LastWords): void;
  /** The call is over. */
  end(reason: Destination["to"]): void;
}

/** One call's way out. */
export class CallExit {
  readonly #options: CallExitOptions;
  #destination?: Destination;
  #lastWords: LastWords = "farewell";
  /** A tool call is sending the channel away: no last words. */
  #sending = false;
  /** The channel is no longer ours. */
  #left = false;

  constructor(options: CallExitOptions) {
    this.#options = options;
  }

  /** A destination has been decided. */
  get leaving(): boolean {
    return this.#destination !== undefined;
  }

  /** Decides the destination and has the last words said. */
  leave(
    to: AnnouncedDestination,
    words: LastWords = to === "hangup" ? "farewell" : "last_resort",
  ): void {
    this.#destination = { to };
    this.#lastWords = words;
    this.#options.sayLast(words);
  }

  /** Another isolate has the call: it says the last words that its predecessor did not finish. */
  isolateReplaced(): void {
    const to = this.#destination?.to;
    if (to === undefined || to === "transfer" || this.#sending) return;
    this.#options.sayLast(this.#lastWords);
  }

  /** Sends the channel to the destination that was decided, and ends the call. */
  send(): void {
    const { record, over, end } = this.#options;
    const destination = this.#destination ?? { to: "hangup" };
    this.#send(destination).catch((error) => {
      if (over.aborted) return;
      log.error("channel could not be sent on its way", {
        call: record.id,
        to: destination.to,
        error,
      });
    }).finally(() => end(destination.to));
  }

  /**
   * Sends the channel where a tool call wants it, without last words; `toolAnswered` ends the call.
   * Does nothing when a destination has been decided already.
   *
   * @throws {AriError} when the PBX refuses: the call then continues.
   */
  async sendTo(destination: Destination): Promise<void> {
    if (this.leaving) return;
    this.#destination = destination;
    this.#sending = true;
    try {
      await this.#send(destination);
    } catch (error) {
      // The command worked; only its reply was lost.
      if (this.#left) return;
      this.#destination = undefined;
      this.#sending = false;
      throw error;
    }
  }

  /** The result of a tool call is in the record: if the tool sent the channel away, the call is over. */
  toolAnswered(): void {
    if (this.#sending) this.#options.end(this.#destination!.to);
  }

  /** The channel has left our application: hung up, or sent on in the dialplan. */
  channelLeft(): void {
    this.#left = true;
    // The PBX often reports it before it answers the command that caused it: the tool's result is
    // recorded first.
    if (!this.#sending) this.#options.end(this.#destination?.to ?? "hangup");
  }

  /** The bot cannot continue: the PBX apologises to the caller and hands them over. */
  async lastResort(): Promise<void> {
    const { record: { id: call, channelId: channel, phase }, sounds, over, end } = this.#options;
    this.#destination = { to: "handover" };
    log.error("call goes to its last resort", { call, channel, phase });
    await sounds.play("last_resort", channel, over);
    try {
      await this.#send(this.#destination);
    } catch (error) {
      if (!over.aborted) log.error("last resort failed", { call, channel, error });
    }
    end("handover");
  }

  async #send(destination: Destination): Promise<void> {
    await sendChannel(this.#options, this.#options.record.channelId, destination);
  }
}
