// The caller's leg on the PBX: their channel, and the bridge in which it meets the bot's media.

import { type AriCommands, AriError, unlessGone } from "../../../asterisk/ari/mod.ts";
import { inCallersCodec, NATIVE_FORMATS } from "../../../asterisk/transports/choose.ts";
import { logger } from "../../../config/logging.ts";
import type { MediaPlan } from "../../../media/transport.ts";
import type { Gate } from "../ari_gate.ts";
import { needsBridge } from "../media/call_media.ts";
import { bridgeOf } from "./pbx_names.ts";

const log = logger("call");

/** Whose leg it is. */
export interface CallerLegOptions {
  readonly ari: Gate<
    Pick<
      AriCommands,
      "addToBridge" | "answer" | "application" | "createBridge" | "destroyBridge" | "variable"
    >
  >;
  /** Our Stasis application. */
  readonly app: string;
  readonly callId: string;
  readonly channelId: string;
  /** Aborted when the call is over. */
  readonly over: AbortSignal;
}

/** One caller's leg. */
export class CallerLeg {
  /** Of the call's own bridge, which exists only where the media need one. */
  readonly bridgeId: string;
  readonly #options: CallerLegOptions;

  constructor(options: CallerLegOptions) {
    this.#options = options;
    this.bridgeId = bridgeOf(options.callId);
  }

  /**
   * Answers, and puts the caller into the bridge where the plan needs one.
   *
   * @param adopted whether an earlier run of the service may have done so already.
   * @throws {AriError} when the PBX refuses, or the caller has gone.
   */
  async join(plan: MediaPlan, adopted: boolean): Promise<void> {
    const { ari, channelId, over } = this.#options;
    const answered = ari.run((commands) => commands.answer(channelId, over), over);
    if (!needsBridge(plan)) {
      await answered;
      // Left by an earlier run over another transport: in a bridge the caller would hear no file.
      if (adopted) await this.destroyBridge();
      return;
    }
    let tries = 0;
    const created = ari.run((commands) => {
      tries++;
      return commands.createBridge(this.bridgeId, over);
    }, over);
    // It may be there already: an earlier run's, or of a try whose answer was lost.
    const made = created.catch((error) => {
      if (!adopted && tries === 1) throw error;
      ignoreConflict(error);
    });
    await Promise.all([answered, made]);
    await ari.run((commands) => commands.addToBridge(this.bridgeId, channelId, over), over);
  }

  /**
   * The plan for this caller, whose line's codec is known once the call is answered.
   *
   * @throws {AriError} when the caller has gone.
   */
  async planFor(plan: MediaPlan): Promise<MediaPlan> {
    if (plan.kind !== "rtp") return plan;
    const { ari, callId, channelId, over } = this.#options;
    try {
      const formats = await ari.runOnce(
        (commands) => commands.variable(channelId, NATIVE_FORMATS, over),
        over,
      );
      return inCallersCodec(plan, formats);
    } catch (error) {
      if (over.aborted || isGone(error)) throw error;
      log.warn("the codec of the caller's line is unknown: their audio may be transcoded", {
        call: callId,
        format: plan.format,
        error,
      });
      return plan;
    }
  }

  /**
   * Whether a command failed because the caller has left. A PBX that does not find something proves
   * little: it may be our media, cut at that moment, while the caller is still there. So it is asked.
   */
  async hasLeft(error: unknown): Promise<boolean> {
    const { ari, app, callId, channelId, over } = this.#options;
    if (!isGone(error)) return false;
    try {
      const { channel_ids } = await ari.run((commands) => commands.application(app, over), over);
      return !channel_ids.includes(channelId);
    } catch (unknown) {
      log.warn("the PBX does not say whether the caller is still there", {
        call: callId,
        error: unknown,
      });
      return false;
    }
  }

  /** Destroys the bridge, if there is one. Never rejects. */
  async destroyBridge(): Promise<void> {
    const { ari, callId } = this.#options;
    try {
      await unlessGone(ari.run((commands) => commands.destroyBridge(this.bridgeId)));
    } catch (error) {
      log.error("bridge could not be destroyed", { call: callId, bridge: this.bridgeId, error });
    }
  }
}

function isGone(error: unknown): boolean {
  return error instanceof AriError && (error.gone || error.kind === "not_in_stasis");
}

function ignoreConflict(error: unknown): void {
  if (!(error instanceof AriError && error.kind === "conflict")) throw error;
}
