// Every message between isolates: read this file and you know every conversation they can have.
// One discriminated union a direction. Audio is in none of them: it goes from the PBX to the
// call isolate, and from there to the speech engine by a port of their own.

import type { MessagePort } from "node:worker_threads";
import type { AgentEvent } from "../agent/agent.ts";
import type { Prompts } from "../config/prompts.ts";
import type { Settings } from "../config/settings.ts";
import type { MediaAddress, MediaOffer, MediaPlan } from "../media/transport.ts";
import type { SpeechEvent } from "../speech/events.ts";
import type { FailureReport } from "../speech/failure.ts";
import type { CallEvent, CallRecord, ToolResult } from "./call_record.ts";
import type { IsolateData } from "./otp/control.ts";

/** What a call isolate is told. */
export type ToCall =
  /** A port to the speech engine, at the start and after the engine was replaced. */
  | { readonly kind: "engine"; readonly port: MessagePort }
  /** The engine is gone; a new port follows when it is back. */
  | { readonly kind: "engine_lost"; readonly reason: string }
  /** Another isolate has found a speech service to be broken, or to work again. */
  | { readonly kind: "service_health"; readonly event: BreakerEvent }
  /** Take this call: make its media ready, and answer `media_offer`. */
  | { readonly kind: "assign"; readonly assignment: CallAssignment }
  /** The PBX has a channel for the media, or needs none: connect, and answer `media_open`. */
  | { readonly kind: "media"; readonly address: MediaAddress }
  /** A request about files is done, or could not be: `error` says why. */
  | { readonly kind: "files_done"; readonly seq: number; readonly error?: string }
  /** The answer to `token`. */
  | { readonly kind: "token_answer"; readonly seq: number; readonly answer: TokenAnswer }
  /** The PBX reports something of the call's files. */
  | { readonly kind: "files_event"; readonly event: FileEvent }
  /** The caller and the media are joined: what is said from now on is heard. */
  | { readonly kind: "begin" }
  /** The caller pressed a key (heard by ARI, where the transport does not tell). */
  | { readonly kind: "dtmf"; readonly digit: string }
  /** A tool that was asked for by `tool_call` is done, or could not be. */
  | { readonly kind: "tool_done"; readonly id: string; readonly result: ToolResult }
  /** Ask the caller whether they are there. */
  | { readonly kind: "nudge" }
  /** Give up the answer under way and say sorry; the call goes on listening. */
  | { readonly kind: "apologise" }
  /** Say goodbye, or sorry, to its last word, then report `said`. */
  | { readonly kind: "say_last"; readonly prompt: "farewell" | "last_resort" };

/** What a call isolate tells. */
export type FromCall =
  /** Something happened; `at` is milliseconds since the epoch. */
  | { readonly kind: "event"; readonly event: CallEvent; readonly at: number }
  /** The prompts are rendered: a call given now is greeted at once. */
  | { readonly kind: "warm" }
  /** The assignment has arrived and is being handled. */
  | { readonly kind: "assigned" }
  /** What the PBX is to connect to is ready; the service waits for it only where the PBX connects. */
  | { readonly kind: "media_offer"; readonly offer: MediaOffer }
  /** Do this on the PBX, for the files transport; `files_done` follows. */
  | { readonly kind: "files"; readonly seq: number; readonly request: FileRequest }
  /** The media connection stands. */
  | { readonly kind: "media_open" }
  /** The caller began or stopped speaking; deadlines for a silent caller depend on it. */
  | { readonly kind: "caller_speaking"; readonly speaking: boolean }
  /** A phrase of the bot was heard to its end: playout is alive. */
  | { readonly kind: "progress" }
  /** The words asked for by `say_last` were heard. */
  | { readonly kind: "said" }
  /** A tool of the record (`tool_begun`) is due: carry it out, once; `tool_done` follows. */
  | { readonly kind: "tool_call"; readonly id: string }
  /** The assistant had to make do, or what a request to its model cost. */
  | { readonly kind: "assistant"; readonly event: AssistantEvent }
  /** A turn was answered: how starting early has done since the turn before. */
  | { readonly kind: "early_start"; readonly outcome: EarlyStartOutcome }
  /** A question about Yandex IAM tokens, which the service alone gets; `token_answer` follows. */
  | { readonly kind: "token"; readonly seq: number; readonly question: TokenQuestion }
  /** Something happened with a speech service. */
  | { readonly kind: "speech"; readonly event: SpeechEvent }
  /** Counts for the metrics. */
  | { readonly kind: "count"; readonly what: CallCounter };

/** A speech service's circuit breaker changed: isolates tell each other, by way of the service. */
export type BreakerEvent = Extract<SpeechEvent, { kind: "breaker" }>;

/** What a call isolate asks of the service's IAM tokens (`TokenSource` of speech/yandex/auth/iam.ts). */
export type TokenQuestion =
  /** One that is valid now. */
  | { readonly what: "token" }
  /** A speech service has refused this one: is another try worth it? */
  | { readonly what: "refused"; readonly token: string };

/** What it is answered. */
export type TokenAnswer =
  | { readonly what: "token"; readonly token: string }
  | { readonly what: "again"; readonly again: boolean }
  /** IAM refuses us, or is not to be reached. */
  | { readonly what: "failed"; readonly failure: FailureReport };

/** What of an assistant's answer is for the metrics. */
export type AssistantEvent = Extract<AgentEvent, { kind: "degraded" | "usage" }>;

/** What the files transport asks of the PBX (`FileControl` of asterisk/transports/files/files_control.ts). */
export type FileRequest =
  | { readonly what: "play"; readonly playbackId: string; readonly media: string }
  | { readonly what: "pause" | "resume" | "stop"; readonly playbackId: string }
  | { readonly what: "record" | "discard"; readonly name: string };

/** What the PBX reports to the files transport (`FileEvents`, there). */
export type FileEvent =
  | { readonly what: "playback_started" | "playback_finished"; readonly playbackId: string }
  | { readonly what: "recording_ended"; readonly detail: string }
  | { readonly what: "talking"; readonly talking: boolean };

/** How starting answers early has done in one turn. */
export interface EarlyStartOutcome {
  /** Answers begun before the turn was over. */
  readonly begun: number;
  /** One of them was the answer. */
  readonly hit: boolean;
  /** How long before the end of the turn it was begun, in milliseconds. */
  readonly wonMs: number;
  /** Characters of phrases that were made and thrown away. */
  readonly wastedCharacters: number;
}

/** What a call isolate counts. */
export type CallCounter =
  | "barge_in_confirmed"
  | "barge_in_resumed"
  | "vad_degraded"
  | "vad_restored"
  | "asr_failed"
  | "tts_failed"
  | "agent_failed"
  | "filler_spoken"
  | "recording_failed";

/** What the speech engine is told. */
export type ToEngine = { readonly kind: "attach"; readonly port: MessagePort };

/** A call, handed to an isolate. */
export interface CallAssignment {
  readonly callId: string;
  readonly media: MediaPlan;
  /** What is known of the call; has turns when the call is resumed rather than begun. */
  readonly record: CallRecord;
  /** Present when an isolate before this one died. */
  readonly resumed: boolean;
  /** The caller was speaking when the isolate before died: what was said then is lost. */
  readonly callerWasSpeaking: boolean;
  /** As they are at the call's beginning; the operator may have edited them since the isolate's birth. */
  readonly prompts: Prompts;
  /** Where to write the recording, or undefined for none. */
  readonly recordingPath?: string;
}

/** What the engine isolate gets at its birth. */
export interface EngineIsolateData extends IsolateData {
  readonly settings: Settings;
}

/** What a call isolate gets at its birth. */
export interface CallIsolateData extends IsolateData {
  readonly settings: Settings;
  /** As they are now: what can be rendered before a call is. */
  readonly prompts: Prompts;
  /** It is started for a caller who is there already: what can wait does. */
  readonly callerWaits: boolean;
}
