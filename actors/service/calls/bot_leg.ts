// The bot's leg of a call: the isolate that talks and its media on the PBX. When either dies, both
// are replaced.

import type { AriEvent } from "../../../asterisk/ari/mod.ts";
import { logger } from "../../../config/logging.ts";
import type { MediaPlan } from "../../../media/transport.ts";
import type { CallRecord } from "../../call_record.ts";
import type { CallAssignment, ToCall, ToSession } from "../../messages.ts";
import type { ExitReason, FaultKind } from "../../otp/control.ts";
import { type StartContext, Supervisor } from "../../otp/supervisor.ts";
import type { CallIsolate } from "../isolates/pooled_isolate.ts";
import { CallMedia } from "../media/call_media.ts";
import type { CallServices } from "./call_services.ts";
import { recordingFile } from "./recording_file.ts";

const log = logger("call");

/** Time for an isolate to finish its recording once the call is over. */
const SHUTDOWN_MS = 1000;

/** Why and for how long the caller was without an isolate. */
export interface Resumption {
  /** How the isolate before ended; `shutdown` when an earlier run of the service did. */
  readonly reason: ExitReason;
  readonly waitedMs: number;
}

/** Whose leg it is, and what to do when something happens on it. */
export interface BotLegOptions {
  readonly record: CallRecord;
  /** The call was begun by an earlier run of the service. */
  readonly adopted: boolean;
  readonly services: Pick<CallServices, "ari" | "isolates" | "recording" | "settings">;
  readonly bridgeId: string;
  /** Aborted when the call is over. */
  readonly over: AbortSignal;
  /** The media channel's id from now on; undefined when there is none. */
  onMediaChannel(channelId: string | undefined): void;
  /** An isolate talks to the caller; `resumed` unless it is the first. */
  onTalking(resumed: Resumption | undefined): void;
  /** The isolate reports something. Once the call is over, only what its assistant does still comes. */
  onReport(message: ToSession, isolate: CallIsolate, assignedAt: number): void;
  /** The isolate ended in order: it has nothing left to do. */
  onFinished(): void;
  /** An isolate could not be joined with the caller; settles when it is clear whether the call is over. */
  onFailure(error: unknown): Promise<unknown>;
}

/** One call's bot. */
export class BotLeg {
  readonly #options: BotLegOptions;
  readonly #supervisor: Supervisor;
  #isolate?: CallIsolate;
  #media?: CallMedia;
  #callerSpeaking = false;
  /** When the caller began to wait for an isolate. */
  #aloneSince = performance.now();

  constructor(options: BotLegOptions) {
    this.#options = options;
    const { CALL_RESTART_INTENSITY, CALL_RESTART_PERIOD_SECONDS } = options.services.settings;
    this.#supervisor = new Supervisor({
      intensity: CALL_RESTART_INTENSITY,
      periodMs: CALL_RESTART_PERIOD_SECONDS * 1000,
      onExit: (_, reason) => this.#onExit(reason),
      onStartFailed: (_, error) => {
        if (options.over.aborted) return;
        log.error("call isolate could not take the call", { call: options.record.id, error });
      },
    });
  }

  /** Settles when the isolate has ended and is not replaced: too many have died, or `shutdown`. */
  get ended(): Promise<unknown> {
    return this.#supervisor.exited;
  }

  /**
   * Gives the call its first isolate or, if that one fails to take it, another. From then on each
   * that dies is replaced.
   *
   * @throws the second one's failure, or the first one's if the call is over.
   */
  async start(plan: MediaPlan): Promise<void> {
    const start = () =>
      this.#supervisor.startChild({
        id: "isolate",
        restart: "transient",
        shutdown: SHUTDOWN_MS,
        start: (context) => this.#startIsolate(context, plan),
      });
    try {
      await start();
    } catch (error) {
      const { over, record } = this.#options;
      if (over.aborted) throw error;
      log.warn("the call's first isolate could not take it, trying another", {
        call: record.id,
        error,
      });
      await start();
    }
  }

  /** Sends to the isolate, if one talks. */
  post(message: ToCall): void {
    this.#isolate?.post(message);
  }

  /** Replaces the isolate, which stayed too long in a phase. */
  replace(detail: string): void {
    this.#isolate?.killBecause("phase_timeout", detail);
  }

  /** Breaks the isolate on purpose: see `Isolate.injectFault`. */
  async injectFault(kind: FaultKind): Promise<number | undefined> {
    return await this.#isolate?.injectFault(kind);
  }

  /** Takes every event about the caller's channel or the media channel. */
  onEvent(event: AriEvent): void {
    this.#media?.onEvent(event);
  }

  /** Asks the isolate to finish; none follows. */
  shutdown(): void {
    this.#supervisor.shutdown();
  }

  /** Removes the media from the PBX. Never rejects. */
  async removeMedia(): Promise<void> {
    await this.forgetMedia()?.[Symbol.asyncDispose]();
  }

  /** Gives the media up without touching them on the PBX. */
  forgetMedia(): CallMedia | undefined {
    const media = this.#media;
    this.#setMedia(undefined);
    return media;
  }

  #onExit(reason: ExitReason): void {
    const { record, onFinished } = this.#options;
    const detail = this.#isolate?.detail;
    this.#isolate = undefined;
    this.#aloneSince = performance.now();
    if (reason === "normal" || reason === "shutdown") return onFinished();
    const { id: call, phase } = record;
    log.error("call isolate died, replacing it", { call, reason, phase, detail });
  }

  /** Gives the call to a warm isolate, with media of its own, and waits until it talks. */
  async #startIsolate({ previousExit }: StartContext, plan: MediaPlan): Promise<CallIsolate> {
    const { adopted, services: { isolates }, over, onTalking, onReport, onFailure } = this.#options;
    over.throwIfAborted();
    void this.removeMedia();
    const media = this.#startMedia(plan);
    const [isolate, prompts] = await Promise.all([isolates.take(), isolates.prompts()]);
    const resumedAfter = previousExit ?? (adopted ? "shutdown" : undefined);
    const assignedAt = performance.now();
    try {
      isolate.post({
        kind: "assign",
        assignment: this.#assignment(plan, prompts, previousExit),
      });
      await media.connect(isolate, (message) => {
        // What a model costs is paid for, even if the caller has hung up before the answer.
        if (over.aborted && message.kind !== "assistant") return;
        if (message.kind === "caller_speaking") this.#callerSpeaking = message.speaking;
        onReport(message, isolate, assignedAt);
      });
      this.#isolate = isolate;
      this.#callerSpeaking = false;
      isolate.post({ kind: "begin" });
      onTalking(
        resumedAfter && {
          reason: resumedAfter,
          waitedMs: Math.round(performance.now() - this.#aloneSince),
        },
      );
      return isolate;
    } catch (error) {
      isolate.kill();
      await onFailure(error);
      throw error;
    }
  }

  #assignment(
    plan: MediaPlan,
    prompts: CallAssignment["prompts"],
    previousExit: ExitReason | undefined,
  ): CallAssignment {
    const { record, adopted, services: { settings, recording } } = this.#options;
    const isRecorded = settings.RECORD_CALLS && !recording.paused;
    // Nobody listened while the service was down: whatever the caller said then is lost.
    const unheard = adopted && previousExit === undefined;
    return {
      callId: record.id,
      media: plan,
      record,
      resumed: adopted || previousExit !== undefined,
      callerWasSpeaking: this.#callerSpeaking || unheard,
      prompts,
      recordingPath: isRecorded ? recordingFile(settings, record.id) : undefined,
    };
  }

  #startMedia(plan: MediaPlan): CallMedia {
    const { services: { ari, settings }, record, bridgeId, over } = this.#options;
    const media = CallMedia.start(plan, {
      ari,
      app: settings.ARI_APP_NAME,
      callId: record.id,
      channelId: record.channelId,
      bridgeId,
      timeoutMs: settings.MEDIA_CONNECT_TIMEOUT_MS,
      signal: over,
    });
    this.#setMedia(media);
    return media;
  }

  #setMedia(media: CallMedia | undefined): void {
    this.#media = media;
    this.#options.onMediaChannel(media?.id);
  }
}
