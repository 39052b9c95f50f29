// Calls as other programs see them: `/api/calls` and `/api/calls/{id}`. These shapes are a promise; the
// records behind them are not.

import type { ListedCall, ListPlace } from "../actors/service/journal/listed_calls.ts";
import {
  type CallRecord,
  contactsOf,
  heardText,
  type ToolRecord,
  type TurnRecord,
} from "../actors/call_record.ts";

/** A call in a list. */
export interface CallSummary {
  readonly id: string;
  /** The caller's number, masked except for its last two digits. */
  readonly caller: string;
  readonly phase: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly restarts: number;
}

/** A call with everything that was said, and how long it took. */
export interface CallDetails extends Omit<CallSummary, "restarts"> {
  readonly endReason?: CallRecord["endReason"];
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
  readonly tools: readonly ToolDetails[];
  /** How the caller can be reached, as they said it. Personal data. */
  readonly contacts: ReturnType<typeof contactsOf>;
  /** The path of the recording, once there is one. */
  readonly recording?: string;
}

/** What the assistant did besides speaking. */
export interface ToolDetails {
  readonly turn: number;
  readonly tool: ToolRecord["call"]["name"];
  /** Where the call was transferred, or which keys were pressed. */
  readonly target?: string;
  /** "pending" until the caller has heard the phrases before it and it has been tried. */
  readonly result: "pending" | "done" | "failed";
}

/** One exchange. */
export interface TurnDetails {
  readonly turn: number;
  readonly at: string;
  /** What the caller said, tidied; absent in the greeting. */
  readonly caller?: string;
  /** What the caller said, exactly as recognised. */
  readonly raw?: string;
  /** What the caller heard of the answer. */
  readonly bot: string;
  /** The phrases of the answer, heard or not. */
  readonly phrases: TurnRecord["phrases"];
  readonly interrupted: boolean;
  /** The knowledge bases that the answer is based on. */
  readonly kb?: TurnRecord["kb"];
  /** The headings of the passages that it is based on. */
  readonly sources?: readonly string[];
  /** Milliseconds from the caller's last speech frame to each stage of the answer. */
  readonly stages: TurnRecord["stages"];
  /** From the caller's last speech frame to the first audio sent to the PBX. */
  readonly voiceToVoiceMs?: number;
  readonly bargeIn?: { readonly onsetToSilenceMs: number };
}

/** A place in the list as a word for `?before=`. */
export function placeWord({ startedAt, id }: ListPlace): string {
  return `${startedAt}-${id}`;
}

/** The place that a word names; undefined when it names none. */
export function placeOf(word: string): ListPlace | undefined {
  const [, startedAt, id] = /^(\d{1,15})-([\w-]{1,64})$/.exec(word) ?? [];
  return id === undefined ? undefined : { startedAt: Number(startedAt), id };
}

/** A call as it appears in a list. */
export function summarise(call: ListedCall): CallSummary {
  return {
    id: call.id,
    caller: call.caller,
    phase: call.phase,
    startedAt: iso(call.startedAt),
    ...call.endedAt !== undefined && { endedAt: iso(call.endedAt) },
    restarts: call.restarts,
  };
}

/** Everything known about a call; `recording` is the path that serves it. */
export function describe(call: CallRecord, recording: string | undefined): CallDetails {
  return {
    ...summarise({ ...call, restarts: call.restarts.length }),
    ...call.endReason !== undefined && { endReason: call.endReason },
    turns: call.turns.map(describeTurn),
    restarts: call.restarts.map(({ at, reason, phase, waitedMs }) => ({
      at: iso(at),
      reason,
      phase,
      waitedMs,
    })),
    tools: call.tools.map(describeTool),
    contacts: contactsOf(call),
    ...recording !== undefined && { recording },
  };
}

function describeTurn(turn: TurnRecord): TurnDetails {
  const voiceToVoiceMs = turn.stages.audio_queued;
  return {
    turn: turn.turn,
    at: iso(turn.at),
    ...turn.caller !== undefined && { caller: turn.caller },
    ...turn.raw !== undefined && { raw: turn.raw },
    bot: heardText(turn),
    phrases: turn.phrases,
    interrupted: turn.interrupted,
    ...turn.kb && { kb: turn.kb },
    ...turn.headings && { sources: turn.headings },
    stages: turn.stages,
    ...voiceToVoiceMs !== undefined && { voiceToVoiceMs },
    ...turn.bargeInMs !== undefined && { bargeIn: { onsetToSilenceMs: turn.bargeInMs } },
  };
}

function describeTool({ turn, call, result }: ToolRecord): ToolDetails {
  const target = call.name === "transfer_to"
    ? call.key
    : call.name === "send_dtmf"
    ? call.digits
    : undefined;
  return {
    turn,
    tool: call.name,
    ...target !== undefined && { target },
    result: result ?? "pending",
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
