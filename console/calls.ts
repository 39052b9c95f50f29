// Calls as the outside sees them: `/api/calls` and `/api/calls/{id}`. These shapes are a promise;
// the records behind them are not.

import { type CallRecord, heardText, type TurnRecord } from "../actors/call_record.ts";

/** A call in a list. */
export interface CallSummary {
  readonly id: string;
  /** Masked but for its last two digits. */
  readonly caller: string;
  readonly phase: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly restarts: number;
}

/** A call with everything that was said and how long it took. */
export interface CallDetails extends Omit<CallSummary, "restarts"> {
  readonly endReason?: string;
  readonly turns: readonly TurnDetails[];
  readonly restarts: readonly {
    readonly at: string;
    /** How the isolate ended. */
    readonly reason: string;
    /** What the call was doing. */
    readonly phase: string;
    /** From the isolate's death to its replacement taking over. */
    readonly waitedMs: number;
  }[];
  readonly tools: CallRecord["tools"];
  /** Where the recording is, once there is one. */
  readonly recording?: string;
}

/** One exchange. */
export interface TurnDetails {
  readonly turn: number;
  readonly at: string;
  /** What the caller said, as it was recognised; absent in the greeting. */
  readonly caller?: string;
  /** What the caller heard of the answer. */
  readonly bot: string;
  /** What the answer was made of, heard or not. */
  readonly phrases: TurnRecord["phrases"];
  readonly interrupted: boolean;
  /** The knowledge bases the answer rests on. */
  readonly kb?: TurnRecord["kb"];
  /** Milliseconds from the caller's last speech frame to each stage. */
  readonly stages: TurnRecord["stages"];
  /** From the caller's last speech frame to the first audio leaving to the PBX. */
  readonly voiceToVoiceMs?: number;
  readonly bargeIn?: { readonly onsetToSilenceMs: number };
}

/** The line of a call in a list. */
export function summarise(call: CallRecord): CallSummary {
  return {
    id: call.id,
    caller: call.caller,
    phase: call.phase,
    startedAt: iso(call.startedAt),
    ...call.endedAt !== undefined && { endedAt: iso(call.endedAt) },
    restarts: call.restarts.length,
  };
}

/** All that is known of a call; `recording` is the path it can be fetched from. */
export function describe(call: CallRecord, recording: string | undefined): CallDetails {
  return {
    ...summarise(call),
    ...call.endReason !== undefined && { endReason: call.endReason },
    turns: call.turns.map(describeTurn),
    restarts: call.restarts.map(({ at, reason, phase, waitedMs }) => ({
      at: iso(at),
      reason,
      phase,
      waitedMs,
    })),
    tools: call.tools,
    ...recording !== undefined && { recording },
  };
}

function describeTurn(turn: TurnRecord): TurnDetails {
  const voiceToVoiceMs = turn.stages.audio_queued;
  return {
    turn: turn.turn,
    at: iso(turn.at),
    ...turn.caller !== undefined && { caller: turn.caller },
    bot: heardText(turn),
    phrases: turn.phrases,
    interrupted: turn.interrupted,
    ...turn.kb && { kb: turn.kb },
    stages: turn.stages,
    ...voiceToVoiceMs !== undefined && { voiceToVoiceMs },
    ...turn.bargeInMs !== undefined && { bargeIn: { onsetToSilenceMs: turn.bargeInMs } },
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
