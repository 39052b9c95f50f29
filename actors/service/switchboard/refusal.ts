// Callers whose calls are not taken: where possible they hear an apology, then they go to the
// dialplan's fallback context.

import { type AriCommands, type Channel, unlessGone } from "../../../asterisk/ari/mod.ts";
import { logger } from "../../../config/logging.ts";
import type { Settings } from "../../../config/settings.ts";
import type { Gate } from "../ari_gate.ts";
import type { Room } from "../capacity/headroom.ts";
import type { MediaRoute } from "../media/media_route.ts";
import type { Refusal, ServiceMetrics } from "../metrics.ts";
import { sendChannel } from "../exit/destination.ts";
import type { PbxSounds } from "../exit/pbx_sounds.ts";

const log = logger("switchboard");

/** A refused caller is sent away after this time at the latest, whether they heard a sound or not. */
const LONGEST_SOUND_MS = 10_000;

/**
 * Longer than this no caller waits in silence for an isolate: a busy line tells them more, at once. As
 * long as the policies let a call's answering take.
 */
export const LONGEST_SILENCE_MS = 10_000;

/** For whoever reads the log at night. */
export const MEANINGS: Readonly<Record<Refusal, string>> = {
  draining: "the service is ending",
  full: "MAX_CALLS calls are up: raise it if the machine can serve more",
  same_caller: "this caller has MAX_CALLS_PER_CALLER calls up",
  speechless: "the speech engine is being replaced",
  no_media: "no audio can travel: run the doctor",
  cpu: "the processor has no room for one more call",
  recognition: "the local recognisers have no room for one more call",
  event_loop: "the service answers late: the machine is busy",
  voice_detection: "voice detection answers late",
  starts: "other calls are being set up",
  busy: "calls come faster than isolates start: raise CALL_POOL_SIZE, or lower MAX_CALLS",
};

/** The service as it is when a call comes. */
export interface Capacity {
  readonly draining: boolean;
  readonly liveCalls: number;
  readonly maxCalls: number;
  /** This caller has as many calls as one may have. */
  readonly callerHasAll: boolean;
  /** How long the caller would wait for an isolate. */
  readonly silenceMs: number;
  /** Longer than this they do not wait in silence. */
  readonly longestSilenceMs: number;
  readonly speechless: boolean;
  readonly room: Room;
  readonly route: Pick<MediaRoute, "problem" | "unknown">;
}

/** Why a new call cannot be taken; undefined when it can. */
export function reasonToRefuse(
  capacity: Capacity,
): Refusal | undefined {
  const { draining, liveCalls, maxCalls, callerHasAll, speechless, route } = capacity;
  if (draining) return "draining";
  if (callerHasAll) return "same_caller";
  if (speechless) return "speechless";
  // While the PBX has not yet said what it has, the call waits for it.
  if (!route.unknown && route.problem !== undefined) return "no_media";
  if (liveCalls >= maxCalls) return "full";
  if (capacity.silenceMs > capacity.longestSilenceMs) return "busy";
  return capacity.room.ok ? undefined : capacity.room.ranOut;
}

const LASTING: readonly Refusal[] = ["draining", "same_caller", "speechless", "no_media"];

/** Whether the reason passes as calls end and isolates start: it is worth while to wait. */
export function isOverload(reason: Refusal): boolean {
  return !LASTING.includes(reason);
}

/**
 * How a caller is sent away: into the fallback context, unanswered; there after a notice; or by a busy
 * line.
 */
export type WayOut = "handover" | "notice" | "busy";

/** What refusing takes. */
export interface RefusedCallersOptions {
  readonly ari: Gate<Pick<AriCommands, "answer" | "continueInDialplan" | "hangUp">>;
  readonly settings: Pick<Settings, "ARI_FALLBACK_CONTEXT" | "TRANSFER_CONTEXT">;
  readonly metrics: Pick<ServiceMetrics, "callRefused">;
  readonly sounds: Pick<PbxSounds, "play">;
}

/** The callers who are being sent away. */
export class RefusedCallers {
  readonly #options: RefusedCallersOptions;
  /** Their channels, until they have gone. */
  readonly #channels = new Set<string>();

  constructor(options: RefusedCallersOptions) {
    this.#options = options;
  }

  /** Whether this channel's caller is being sent away. */
  has(channelId: string): boolean {
    return this.#channels.has(channelId);
  }

  /** Sends a caller away. Returns before they have gone. */
  refuse({ id }: Pick<Channel, "id">, reason: Refusal, wayOut: WayOut = "handover"): void {
    const { settings, metrics } = this.#options;
    metrics.callRefused(reason);
    log.warn("call refused", {
      channel: id,
      reason,
      means: MEANINGS[reason],
      to: wayOut === "busy" ? "a busy line" : settings.ARI_FALLBACK_CONTEXT || "hangup",
    });
    this.#channels.add(id);
    this.#sendAway(id, reason, wayOut)
      .catch((error) => log.error("refused caller could not be sent away", { channel: id, error }))
      .finally(() => this.#channels.delete(id));
  }

  async #sendAway(id: string, reason: Refusal, wayOut: WayOut): Promise<void> {
    const { ari, sounds } = this.#options;
    if (wayOut === "busy") {
      return void await unlessGone(ari.run((commands) => commands.hangUp(id, "busy")));
    }
    const longest = AbortSignal.timeout(LONGEST_SOUND_MS);
    if (wayOut === "notice") {
      await unlessGone(ari.run((commands) => commands.answer(id, longest), longest));
      await sounds.play("busy_handover", id, longest);
    } else if (reason === "speechless") {
      await sounds.play("last_resort", id, longest);
    }
    await sendChannel(this.#options, id, { to: "handover" }, "congestion");
  }
}
