// Every message between isolates: read this file and you know every conversation they can have.
// One discriminated union per direction. None of them carries audio, which travels from the PBX to
// the call isolate and from there to the speech engine, over a port of their own.

import type { MessagePort } from "node:worker_threads";
import type { AgentEvent, ModelUsage } from "../agent/agent.ts";
import type { Prompts } from "../config/prompts.ts";
import type { Settings } from "../config/settings.ts";
import type { LineStats } from "../media/line_stats.ts";
import type { MediaAddress, MediaOffer, MediaPlan, MediaTransport } from "../media/transport.ts";
import type { EngineStats } from "../speech/engine/stats.ts";
import type { SpeechEvent } from "../speech/events.ts";
import type { FailureReport } from "../speech/failure.ts";
import type { CallEvent, CallRecord, ToolResult } from "./call_record.ts";
import type { IsolateData } from "./otp/control.ts";

/** What the service sends to a call isolate. */
export type ToCall =
  /** A port to the speech engine: at the start, and again whenever the engine was replaced. */
  | { readonly kind: "engine"; readonly port: MessagePort }
  /** The engine is gone; a new port follows once it is back. */
  | { readonly kind: "engine_lost"; readonly reason: string }
  /** Another isolate found that a speech service is broken, or works again. */
  | { readonly kind: "service_health"; readonly event: BreakerEvent }
  /** The day's tokens are used up: models may not be asked; or another day has begun, and they may. */
  | { readonly kind: "models_spent"; readonly spent: boolean }
  /** The machine is short of power: leave out what is optional; or no longer. */
  | { readonly kind: "pressure"; readonly high: boolean }
  /** Take this call: prepare its media, then answer `media_offer`. */
  | { readonly kind: "assign"; readonly assignment: CallAssignment }
  /** The PBX has a channel for the media, or needs none: connect, then answer `media_open`. */
  | { readonly kind: "media"; readonly address: MediaAddress }
  /** The PBX carried out a `files` request, or could not: `error` says why. */
  | { readonly kind: "files_done"; readonly seq: number; readonly error?: string }
  /** The answer to `token`. */
  | { readonly kind: "token_answer"; readonly seq: number; readonly answer: TokenAnswer }
  /** The PBX reports something about the call's files. */
  | { readonly kind: "files_event"; readonly event: FileEvent }
  /** Caller and media are joined: from now on each hears the other. */
  | { readonly kind: "begin" }
  /** A tool call requested by `tool_call` was carried out, or could not be. */
  | { readonly kind: "tool_done"; readonly id: string; readonly result: ToolResult }
  /** Ask the caller whether they are there. */
  | { readonly kind: "nudge" }
  /** Give up the answer under way and apologise; the call then listens again. */
  | { readonly kind: "apologise" }
  /** The caller pressed the key for the end of a turn (`#`): do not wait for a silence. */
  | { readonly kind: "end_turn" }
  /** The disk fills: end the call's recording. */
  | { readonly kind: "stop_recording" }
  /** Say goodbye, or sorry, to the last word, then report `said`. */
  | { readonly kind: "say_last"; readonly prompt: LastWords };

/** The prompts with which the bot leaves a call. */
export type LastWords = "farewell" | "last_resort" | "call_limit";

/** What a call isolate sends to the service; each of the three receivers gets its own kinds. */
export type FromCall = ToPool | ToMedia | ToSession;

/** For the pool, from an isolate's first moment to its last, whether it has a call or not. */
export type ToPool =
  /** The prompts are rendered: a caller assigned now is greeted without delay. */
  | { readonly kind: "warm" }
  /** A question about Yandex IAM tokens, which only the service obtains; `token_answer` follows. */
  | { readonly kind: "token"; readonly seq: number; readonly question: TokenQuestion }
  /** Something happened with a speech service. */
  | { readonly kind: "speech"; readonly event: SpeechEvent }
  /** What the counts of the call's line have grown by since the report before. */
  | {
    readonly kind: "line_stats";
    readonly transport: MediaTransport["kind"];
    readonly stats: LineStats;
  };

/** For the call's media on the PBX (`CallMedia`). */
export type ToMedia =
  /** The isolate's end of the media is ready; only where the PBX connects does the service wait for it. */
  | { readonly kind: "media_offer"; readonly offer: MediaOffer }
  /** Carry this out on the PBX, for the files transport; `files_done` follows. */
  | { readonly kind: "files"; readonly seq: number; readonly request: FileRequest }
  /** The media connection stands. */
  | { readonly kind: "media_open" };

/** For the call as the service sees it (`CallSession`). */
export type ToSession =
  /** The assignment has arrived and is being handled. */
  | { readonly kind: "assigned" }
  /** Something happened; `at` is in milliseconds since the epoch. */
  | { readonly kind: "event"; readonly event: CallEvent; readonly at: number }
  /** The caller began or stopped speaking; the deadlines for a silent caller depend on it. */
  | { readonly kind: "caller_speaking"; readonly speaking: boolean }
  /** A phrase of the bot was heard to its end: playout is alive. */
  | { readonly kind: "progress" }
  /** The words requested by `say_last` were heard. */
  | { readonly kind: "said" }
  /** A tool call of the record (`tool_begun`) is due: carry it out once; `tool_done` follows. */
  | { readonly kind: "tool_call"; readonly id: string }
  /** A part of the assistant was replaced by a lesser one, or what a request to its model cost. */
  | { readonly kind: "assistant"; readonly event: AssistantEvent }
  /** A turn was answered: how early starts have done since the turn before. */
  | { readonly kind: "early_start"; readonly outcome: EarlyStartOutcome }
  /** One more of something that the metrics count. */
  | { readonly kind: "count"; readonly what: CallCounter };

/** A speech service's circuit breaker changed: isolates inform each other by way of the service. */
export type BreakerEvent = Extract<SpeechEvent, { kind: "breaker" }>;

/** What a call isolate asks about IAM tokens (`TokenSource` of speech/yandex/auth/iam.ts). */
export type TokenQuestion =
  /** A token that is valid now, please. */
  | { readonly what: "token" }
  /** A speech service has refused this token: is another try worth it? */
  | { readonly what: "refused"; readonly token: string };

/** The answer to a `TokenQuestion`. */
export type TokenAnswer =
  | { readonly what: "token"; readonly token: string }
  | { readonly what: "again"; readonly again: boolean }
  /** IAM refuses us, or cannot be reached. */
  | { readonly what: "failed"; readonly failure: FailureReport };

/** What the assistant does that the caller does not hear. */
export type AssistantEvent = Extract<AgentEvent, { kind: "degraded" }> | ModelUsage;

/** What the files transport asks of the PBX (`FileControl` of asterisk/transports/files/files_control.ts). */
export type FileRequest =
  | { readonly what: "play"; readonly playbackId: string; readonly media: string }
  | { readonly what: "pause" | "resume" | "stop"; readonly playbackId: string }
  | { readonly what: "record" | "discard"; readonly name: string };

/** What the PBX reports to the files transport (`FileEvents`, ibid.). */
export type FileEvent =
  | { readonly what: "playback_started" | "playback_finished"; readonly playbackId: string }
  | { readonly what: "recording_ended"; readonly detail: string }
  | { readonly what: "talking"; readonly talking: boolean };

/** How starting answers early did in one turn. */
export interface EarlyStartOutcome {
  /** Answers begun before the turn was over. */
  readonly begun: number;
  /** One of them became the answer. */
  readonly hit: boolean;
  /** How long before the end of the turn that one was begun, in milliseconds. */
  readonly wonMs: number;
  /** Characters of phrases that were made and thrown away. */
  readonly wastedCharacters: number;
}

/** What a call isolate counts. */
export type CallCounter =
  | "barge_in_resumed"
  | "vad_degraded"
  | "vad_restored"
  | "asr_failed"
  | "tts_failed"
  | "agent_failed"
  | "filler_spoken"
  | "turn_begun_anew"
  | "recording_failed";

/** What the service sends to the speech engine: a port for one call isolate. */
export type ToEngine = { readonly kind: "attach"; readonly port: MessagePort };

/** What the speech engine sends to the service, every few seconds: how it has done. */
export type FromEngine = { readonly kind: "stats"; readonly stats: EngineStats };

/** A call, handed to an isolate. */
export interface CallAssignment {
  readonly callId: string;
  readonly media: MediaPlan;
  /** What is known of the call; it has turns when the call is resumed rather than begun. */
  readonly record: CallRecord;
  /** An earlier isolate had this call and died, or the service was restarted. */
  readonly resumed: boolean;
  /** The caller was speaking when the earlier isolate died: those words are lost. */
  readonly callerWasSpeaking: boolean;
  /** As they are at the call's beginning: the operator may have edited them since the isolate started. */
  readonly prompts: Prompts;
  /** Where to write the recording, or undefined for none. */
  readonly recordingPath?: string;
}

/** What the engine isolate gets at its start. */
export interface EngineIsolateData extends IsolateData {
  readonly settings: Settings;
}

/** What a call isolate gets at its start. */
export interface CallIsolateData extends IsolateData {
  readonly settings: Settings;
  /** The values among the settings that are secret; which these are, only the schema knows. */
  readonly secrets: readonly string[];
  /** As they are now, so that they can be rendered before a call comes. */
  readonly prompts: Prompts;
  /** A caller is already waiting for this isolate: it postpones whatever can wait. */
  readonly callerWaits: boolean;
}
