// How a call leaves the bot: it is decided where the channel goes, the bot says its last words, and
// the channel is sent there. When no isolate can talk any more, the PBX says them itself.

import { type AriCommands, unlessGone } from "../../../asterisk/ari/mod.ts";
import { logger } from "../../../config/logging.ts";
import type { Settings } from "../../../config/settings.ts";
import type { Gate } from "../ari_gate.ts";
import type { CallRecord } from "../../call_record.ts";
import { playLastResort } from "./last_resort.ts";
import type { Departure } from "./tool_runner.ts";

const log = logger("call");

/** Where the channel goes when the bot is done with it. */
export type Destination = "hangup" | "handover" | "transfer";

/** What leaving takes. */
export interface CallExitOptions {
  readonly record: CallRecord;
  readonly ari: Gate<Pick<AriCommands, "play" | "hangUp" | "continueInDialplan">>;
  readonly settings: Settings;
  /** Aborted when the call is over: from then on nothing is done any more. */
  readonly over: AbortSignal;
  /** Has the isolate say its last words, if there is one; `depart` follows when they were heard. */
  sayLast(prompt: "farewell" | "last_resort"): void;
  /** The call is over, for this reason. */
  end(reason: Destination): void;
}

/** One call's way out. */
export class CallExit {
  readonly #options: CallExitOptions;
  #destination?: Destination;
  /** The channel is being sent away: nothing is said any more. */
  #departing = false;
  /** The channel is not ours any more. */
  #left = false;

  constructor(options: CallExitOptions) {
    this.#options = options;
  }

  /** It is decided where the channel goes. */
  get decided(): boolean {
    return this.#destination !== undefined;
  }

  /** Decides it, and has the last words said. */
  leave(destination: "hangup" | "handover"): void {
    this.#destination = destination;
    this.#sayLast();
  }

  /** Another isolate has the call: it says the last words that the one before did not. */
  resume(): void {
    if (this.decided && !this.#departing) this.#sayLast();
  }

  /** Sends the channel where it was decided, and ends the call. */
  depart(): void {
    const { record, over, end } = this.#options;
    const destination = this.#destination ?? "hangup";
    this.#release(destination).catch((error) => {
      if (!over.aborted) {
        log.error("channel could not be released", { call: record.id, exit: destination, error });
      }
    }).finally(() => end(destination));
  }

  /**
   * Sends the channel where the assistant wants it; `toolAnswered` ends the call.
   *
   * @throws {AriError} when the PBX refuses: the call goes on.
   */
  async departFor(departure: Departure): Promise<void> {
    if (this.decided) return;
    this.#destination = departure.exit;
    this.#departing = true;
    try {
      if (departure.exit === "hangup") await this.#release("hangup");
      else await this.#transfer(departure.extension);
    } catch (error) {
      // Gone all the same: only the answer was lost.
      if (this.#left) return;
      this.#destination = undefined;
      this.#departing = false;
      throw error;
    }
  }

  /** What the assistant wanted is done and noted, or was refused. */
  toolAnswered(): void {
    if (this.#departing) this.#options.end(this.#destination!);
  }

  /** The channel has left: hung up, or gone on in the dialplan. */
  channelLeft(): void {
    this.#left = true;
    // The PBX often says so before it answers the command that did it: that is noted first.
    if (!this.#departing) this.#options.end(this.#destination ?? "hangup");
  }

  /** The bot cannot go on: the caller hears so from the PBX itself and goes on in the dialplan. */
  async lastResort(): Promise<void> {
    const { record, over, end } = this.#options;
    const { channelId: channel, id: call, phase } = record;
    this.#destination = "handover";
    log.error("call goes to its last resort", { call, channel, phase });
    try {
      await playLastResort(this.#options, channel, over);
      await this.#release("handover");
    } catch (error) {
      if (!over.aborted) log.error("last resort failed", { call, channel, error });
    }
    end("handover");
  }

  #sayLast(): void {
    this.#options.sayLast(this.#destination === "hangup" ? "farewell" : "last_resort");
  }

  async #transfer(extension: string): Promise<void> {
    const { ari, settings, record } = this.#options;
    const place = { context: settings.TRANSFER_CONTEXT, extension, priority: 1 };
    await ari.run((commands) => commands.continueInDialplan(record.channelId, place));
  }

  async #release(destination: Destination): Promise<void> {
    const { ari, settings, record: { channelId } } = this.#options;
    const context = settings.ARI_FALLBACK_CONTEXT;
    if (destination === "hangup" || context === "") {
      await unlessGone(ari.run((commands) => commands.hangUp(channelId)));
      return;
    }
    const place = { context, extension: "s", priority: 1 };
    await unlessGone(ari.run((commands) => commands.continueInDialplan(channelId, place)));
  }
}
