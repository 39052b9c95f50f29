// What the service counts and times while it runs. Actors report here without knowing who listens:
// the console's Prometheus registry, or nobody.

import type { LineStats } from "../../media/line_stats.ts";
import type { MediaTransport } from "../../media/transport.ts";
import type { EngineStats } from "../../speech/engine/stats.ts";
import type { SpeechEvent } from "../../speech/events.ts";
import type { AssistantEvent, EarlyStartOutcome } from "../messages.ts";
import type { EndReason, Phase, StageTimings } from "../call_record.ts";
import type { ExitReason } from "../otp/control.ts";
import type { Resource } from "./capacity/headroom.ts";
import type { CallBound } from "./budget/call_budget.ts";
import type { DeadlineAction } from "./policies.ts";

/** What calls depend on and what can fail without ending the call. */
export type ProviderKind = "asr" | "tts" | "agent";

/** Why a call is not taken: a resource that ran out, or else. */
export type Refusal =
  | Resource
  | "draining"
  | "full"
  | "same_caller"
  | "speechless"
  | "no_media"
  | "busy";

/** What became of a caller who waited; `let_go`: the service stood down. */
export type WaitOutcome = "served" | "gone" | "sent_away" | "let_go";

/** How much of its capacity the service uses. A share of 1 is all that calls may use. */
export interface CapacityFigures {
  readonly shares: readonly {
    readonly resource: "cpu" | "recognition";
    readonly present: number;
    /** Once all calls that are up have settled. */
    readonly predicted: number;
  }[];
  /** How late the service's timers come. */
  readonly lagMs: number;
  /** So many more calls would be taken now. */
  readonly roomForCalls: number;
  /** Calls leave out what is optional. */
  readonly high: boolean;
}

/**
 * Where the service's numbers go. No method blocks or throws. Words passed as `reason`, `action`,
 * `provider` and `code` come from small closed sets, never from a caller, a channel or a call id:
 * each new word is a new time series that stays.
 */
export interface ServiceMetrics {
  /** A call was accepted. */
  callStarted(): void;
  /** A call was not taken ("full", "draining"…). */
  callRefused(reason: Refusal): void;
  /** How many callers wait for a line now. */
  callersWaiting(count: number): void;
  /** A caller waits no more, after `seconds`. */
  callerWaited(outcome: WaitOutcome, seconds: number): void;
  /** A call is over ("hangup", "handover", "lost"…) after `seconds`. */
  callEnded(reason: EndReason, seconds: number): void;
  /** How many calls are live now. */
  liveCalls(count: number): void;

  /** An isolate was assigned a call: from the assignment to its confirmation. */
  isolateHandedOver(ms: number): void;
  /** How many warm isolates wait for a call now. */
  poolSize(count: number): void;
  /** How many warm isolates there should be now, as fast as calls come. */
  poolAim(count: number): void;
  /** A call's isolate died in `phase` and was replaced after `waitedMs`. */
  callRestarted(reason: ExitReason, phase: Phase, waitedMs: number): void;
  /** The speech engine died; it is being replaced. */
  engineRestarted(reason: ExitReason): void;
  /** What the speech engine measured last; undefined once it is gone. */
  engineMeasured(stats: EngineStats | undefined): void;
  /** How much of its capacity the service uses. */
  capacityMeasured(capacity: CapacityFigures): void;
  /** A call had all the turns or tokens that a call may have, and was handed over. */
  callBounded(bound: CallBound): void;
  /** A call stayed in a phase longer than its policy allows, and `action` followed. */
  deadlinePassed(phase: Phase, action: DeadlineAction): void;

  /** Stages that a turn has newly reached; each stage of a turn is reported once. */
  turnTimed(stages: StageTimings): void;
  /** The caller talked over the bot: the rest of the answer was dropped. */
  bargeInConfirmed(onsetToSilenceMs: number): void;
  /** Playout paused for a backchannel or a noise, and resumed. */
  bargeInResumed(): void;

  /** What the counts of a call's line have grown by. */
  lineCounted(transport: MediaTransport["kind"], stats: LineStats): void;
  /** A call fell back to voice detection by loudness because the engine's did not answer. */
  vadDegraded(): void;
  /** A call returned to the engine's voice detection. */
  vadRestored(): void;
  /** Something happened with a speech service: requests, latencies, errors, failovers… */
  speechHappened(event: SpeechEvent): void;
  /** No provider did its work, and the caller noticed: a turn lost, a phrase unsaid, an apology. */
  unserved(kind: ProviderKind): void;
  /** A part of the assistant failed and another took its place. */
  assistantDegraded(event: Extract<AssistantEvent, { kind: "degraded" }>): void;
  /** What a request to a model cost. */
  modelUsed(event: Extract<AssistantEvent, { kind: "usage" }>): void;
  /** The tokens that models have used today, and how many they may (0: any number). */
  tokensOfDay(tokens: number, limit: number): void;
  /** How starting answers early did in one turn. */
  startedEarly(outcome: EarlyStartOutcome): void;
  /** A filler was spoken while the caller waited for an answer. */
  fillerSpoken(): void;
  /** A caller talked over every answer, and was asked to say it again. */
  turnBegunAnew(): void;
  /** An event could not be written to the journal. */
  journalFailed(): void;
  /** Rows of the journal that are no calls or events, or that a call has no room for. */
  journalSkipped(rows: number): void;
  /** How much the disk of DATA_DIR has free, in MB, and whether that is too little to record calls. */
  diskMeasured(freeMb: number, low: boolean): void;
  /** A recording could not be written. */
  recordingFailed(): void;
  /** Calls or recordings were deleted because they had been kept long enough. */
  retentionDeleted(what: "calls" | "recordings", count: number): void;
  /** What was kept long enough could not be deleted. */
  retentionFailed(): void;

  /** The ARI events socket was opened or closed. */
  ariConnected(up: boolean): void;
  /** A message of the events socket changed nothing: "malformed", "handler_failed". */
  ariEventDropped(why: string): void;
  /** An ARI command failed with this HTTP status; 0 when there was no answer. */
  ariCommandFailed(status: number): void;
}

/** Counts nothing: for tests and tools that have no `/metrics`. */
export const noMetrics: ServiceMetrics = {
  callStarted: ignore,
  callRefused: ignore,
  callersWaiting: ignore,
  callerWaited: ignore,
  callEnded: ignore,
  liveCalls: ignore,
  isolateHandedOver: ignore,
  poolSize: ignore,
  poolAim: ignore,
  callRestarted: ignore,
  engineRestarted: ignore,
  engineMeasured: ignore,
  capacityMeasured: ignore,
  callBounded: ignore,
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
  tokensOfDay: ignore,
  startedEarly: ignore,
  fillerSpoken: ignore,
  turnBegunAnew: ignore,
  journalFailed: ignore,
  journalSkipped: ignore,
  diskMeasured: ignore,
  recordingFailed: ignore,
  retentionDeleted: ignore,
  retentionFailed: ignore,
  ariConnected: ignore,
  ariEventDropped: ignore,
  ariCommandFailed: ignore,
};

function ignore(): void {}
