// What the service counts and times while it runs. The switchboard tells; the console's
// Prometheus registry (or nobody) listens: actors must not know who.

import type { LineStats } from "../../media/line_stats.ts";
import type { MediaTransport } from "../../media/transport.ts";
import type { EngineStats } from "../../speech/engine/stats.ts";
import type { SpeechEvent } from "../../speech/events.ts";
import type { AssistantEvent, EarlyStartOutcome } from "../messages.ts";
import type { EndReason, Phase, StageTimings } from "../call_record.ts";
import type { ExitReason } from "../otp/control.ts";

/** What calls depend on and what can fail without ending the call. */
export type ProviderKind = "asr" | "tts" | "agent";

/**
 * Where the service's numbers go. Every method returns at once and never throws. Words given as
 * `reason`, `action`, `provider` and `code` come from small closed sets, never from a caller,
 * a channel or a call id: each new word is a new time series for ever.
 */
export interface ServiceMetrics {
  /** A call was accepted. */
  callStarted(): void;
  /** A call was turned away before it was answered ("full", "draining"…). */
  callRefused(reason: string): void;
  /** A call is over ("hangup", "handover", "lost"…) after `seconds`. */
  callEnded(reason: EndReason, seconds: number): void;
  /** How many calls are live now. */
  liveCalls(count: number): void;

  /** A warm isolate was given a call: from the decision to the isolate's word that it has it. */
  isolateHandedOver(ms: number): void;
  /** How many warm isolates wait for a call now. */
  poolSize(count: number): void;
  /** A call's isolate died in `phase` and was replaced after `waitedMs`. */
  callRestarted(reason: ExitReason, phase: Phase, waitedMs: number): void;
  /** The speech engine died and is started again. */
  engineRestarted(reason: ExitReason): void;
  /** What the speech engine has measured of late; undefined once it is gone. */
  engineMeasured(stats: EngineStats | undefined): void;
  /** A call stayed in a phase longer than its policy allows, and `action` followed. */
  deadlinePassed(phase: Phase, action: string): void;

  /** Stages a turn has newly reached; each stage of a turn is told once. */
  turnTimed(stages: StageTimings): void;
  /** The caller talked over the bot: the rest of the answer was dropped. */
  bargeInConfirmed(onsetToSilenceMs: number): void;
  /** What paused playout was a backchannel or noise: it went on. */
  bargeInResumed(): void;

  /** What the counts of a call's line have grown by. */
  lineCounted(transport: MediaTransport["kind"], stats: LineStats): void;
  /** A call went on with energy-based voice detection because the engine's did not answer. */
  vadDegraded(): void;
  /** A call's voice detection went back to the engine's. */
  vadRestored(): void;
  /** Something happened with a speech service: requests, latencies, errors, failovers… */
  speechHappened(event: SpeechEvent): void;
  /** No provider could do its work, and the caller noticed: a turn lost, a phrase unsaid, a sorry. */
  unserved(kind: ProviderKind): void;
  /** A part of the assistant failed and another took its place. */
  assistantDegraded(event: Extract<AssistantEvent, { kind: "degraded" }>): void;
  /** What a request to a model cost. */
  modelUsed(event: Extract<AssistantEvent, { kind: "usage" }>): void;
  /** How starting answers early has done in one turn. */
  startedEarly(outcome: EarlyStartOutcome): void;
  /** A filler was spoken while the caller waited for an answer. */
  fillerSpoken(): void;
  /** An event could not be written to the journal. */
  journalFailed(): void;
  /** A recording could not be written. */
  recordingFailed(): void;

  /** The ARI events socket is open or not. */
  ariConnected(up: boolean): void;
  /** An ARI command failed; `status` is the HTTP status, 0 when there was no answer. */
  ariCommandFailed(status: number): void;
}

/** Counts nothing: for tests and tools that have no `/metrics`. */
export const noMetrics: ServiceMetrics = {
  callStarted: ignore,
  callRefused: ignore,
  callEnded: ignore,
  liveCalls: ignore,
  isolateHandedOver: ignore,
  poolSize: ignore,
  callRestarted: ignore,
  engineRestarted: ignore,
  engineMeasured: ignore,
  deadlinePassed: ignore,
  turnTimed: ignore,
  bargeInConfirmed: ignore,
  bargeInResumed: ignore,
  lineCounted: ignore,
  vadDegraded: ignore,
  vadRestored: ignore,
  speechHappened: ignore,
  unserved: ignore,
  assistantDegraded: ignore,
  modelUsed: ignore,
  startedEarly: ignore,
  fillerSpoken: ignore,
  journalFailed: ignore,
  recordingFailed: ignore,
  ariConnected: ignore,
  ariCommandFailed: ignore,
};

function ignore(): void {}
