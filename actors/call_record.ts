// A call as a list of events, and what they add up to. The events are what a call isolate
// reports and the journal keeps; the record is their fold: what `/api/calls` shows and what a
// replacement isolate resumes from.

import type { Contact, ToolCall } from "../agent/agent.ts";
import type { KnowledgeBaseName } from "../language/language.ts";
import type { ExitReason } from "./otp/control.ts";

/**
 * What a call is doing. Its deadlines stand in service/policies.ts, the phases that may follow it in
 * call/conversation/call_state.ts.
 */
export type Phase = "answering" | "greeting" | "listening" | "thinking" | "speaking" | "handover";

/**
 * Moments of a turn, in milliseconds after `speech_end` (the caller's last speech frame).
 * voice_to_voice is `audio_queued`.
 */
export type Stage =
  | "endpoint"
  | "asr_final"
  | "retrieval"
  | "model_first_token"
  | "first_phrase"
  | "tts_first_byte"
  | "audio_queued"
  | "audio_heard";

/** Milliseconds after `speech_end` of each stage that a turn went through. */
export type StageTimings = Partial<Record<Stage, number>>;

/**
 * Why a call ended.
 * - `hangup`: one of the two hung up.
 * - `handover`: the caller went to the dialplan's fallback context.
 * - `transfer`: the caller went to an extension of TRANSFER_TARGETS.
 * - `lost`: the PBX no longer had the caller's channel, and nobody saw it leave.
 * - `stood_down`: this service let go of the call, which may well continue without it.
 */
export type EndReason = "hangup" | "handover" | "transfer" | "lost" | "stood_down";

/** What can happen in a call. `turn` counts from 0, the greeting. Plain data. */
export type CallEvent =
  | { readonly kind: "phase"; readonly phase: Phase }
  /** The caller's turn is over; a turn told of twice has gone on. `raw` is word for word what was recognised. */
  | {
    readonly kind: "caller_turn";
    readonly turn: number;
    readonly text: string;
    readonly raw?: string;
  }
  /** A phrase has been made for the caller; `phrase` counts from 0 in its turn. */
  | {
    readonly kind: "bot_phrase";
    readonly turn: number;
    readonly phrase: number;
    readonly text: string;
  }
  /** A phrase was heard to its end. */
  | { readonly kind: "phrase_heard"; readonly turn: number; readonly phrase: number }
  /** All phrases of the turn's answer are made: so many. */
  | { readonly kind: "answer_complete"; readonly turn: number; readonly phrases: number }
  /** The caller talked over the bot; of phrase `phrase` only `heardText` was heard, of later ones nothing. */
  | {
    readonly kind: "barge_in";
    readonly turn: number;
    readonly phrase: number;
    readonly heardText: string;
    /** From the first sample of the caller's speech to playout stopped at the PBX. */
    readonly onsetToSilenceMs: number;
  }
  /** The answer was given up before anything of it was heard: the caller went on speaking. */
  | { readonly kind: "answer_withdrawn"; readonly turn: number }
  /** What the answer rests on: bases, and the headings of their passages. */
  | {
    readonly kind: "sources";
    readonly turn: number;
    readonly kb: readonly KnowledgeBaseName[];
    readonly headings: readonly string[];
  }
  | { readonly kind: "timings"; readonly turn: number; readonly stages: StageTimings }
  /** The caller was silent and was asked whether they are there. */
  | { readonly kind: "nudged" }
  | { readonly kind: "dtmf"; readonly digit: string }
  /** The assistant wants something done once the first `after` phrases of its answer were heard. */
  | {
    readonly kind: "tool_begun";
    readonly turn: number;
    readonly id: string;
    readonly call: ToolCall;
    readonly after: number;
  }
  /** It was done, or cannot be: it is never tried again. */
  | { readonly kind: "tool_done"; readonly id: string; readonly result: ToolResult }
  /** The isolate died and was replaced; `waitedMs` is from its death to the new one taking over. */
  | {
    readonly kind: "restarted";
    readonly reason: ExitReason;
    readonly phase: Phase;
    readonly waitedMs: number;
  }
  | { readonly kind: "ended"; readonly reason: Exclude<EndReason, "stood_down"> };

/** What became of a tool call. */
export type ToolResult = "done" | "failed";

/** A tool call of the assistant. */
export interface ToolRecord {
  readonly id: string;
  readonly turn: number;
  readonly call: ToolCall;
  /** How many phrases of the turn's answer come before it. */
  readonly after: number;
  /** Undefined while it is still to be done. */
  result?: ToolResult;
}

/** One phrase of the bot. */
export interface PhraseRecord {
  readonly text: string;
  /** Heard to its end. */
  heard: boolean;
  /** What was heard of a phrase that was cut. */
  heardText?: string;
}

/** One exchange: what the caller said and what the bot answered. Turn 0 is the greeting. */
export interface TurnRecord {
  readonly turn: number;
  readonly at: number;
  /** What the caller said, put in order: numbers as digits, fillers dropped. */
  caller?: string;
  /** What the caller said, word for word as it was recognised. */
  raw?: string;
  phrases: PhraseRecord[];
  answerComplete: boolean;
  interrupted: boolean;
  bargeInMs?: number;
  kb?: readonly KnowledgeBaseName[];
  headings?: readonly string[];
  stages: StageTimings;
}

/** A call, folded from its events. */
export interface CallRecord {
  readonly id: string;
  readonly channelId: string;
  /** Caller id, masked but for its last two digits. */
  readonly caller: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  endedAt?: number;
  endReason?: EndReason;
  phase: Phase;
  turns: TurnRecord[];
  nudged: boolean;
  /** Keys the caller pressed, in order. */
  keys: string;
  restarts: { at: number; reason: ExitReason; phase: Phase; waitedMs: number }[];
  tools: ToolRecord[];
}

/** A call that has just begun. */
export function newCallRecord(
  start: Pick<CallRecord, "id" | "channelId" | "caller" | "startedAt">,
): CallRecord {
  return {
    ...start,
    phase: "answering",
    turns: [],
    nudged: false,
    keys: "",
    restarts: [],
    tools: [],
  };
}

/** Adds one event, which happened at `at` (milliseconds since the epoch), to the record. */
export function applyEvent(record: CallRecord, event: CallEvent, at: number): void {
  switch (event.kind) {
    case "phase":
      record.phase = event.phase;
      break;
    case "caller_turn": {
      const turn = turnOf(record, event.turn, at);
      turn.caller = event.text;
      turn.raw = event.raw;
      record.nudged = false;
      break;
    }
    case "bot_phrase":
      turnOf(record, event.turn, at).phrases[event.phrase] = { text: event.text, heard: false };
      break;
    case "phrase_heard": {
      const phrase = turnOf(record, event.turn, at).phrases[event.phrase];
      if (phrase) phrase.heard = true;
      break;
    }
    case "answer_complete": {
      const turn = turnOf(record, event.turn, at);
      turn.answerComplete = true;
      turn.phrases = turn.phrases.slice(0, event.phrases);
      break;
    }
    case "barge_in": {
      const turn = turnOf(record, event.turn, at);
      turn.interrupted = true;
      turn.answerComplete = true;
      turn.bargeInMs = event.onsetToSilenceMs;
      turn.phrases = turn.phrases.slice(0, event.phrase + 1);
      const cut = turn.phrases[event.phrase];
      if (cut && !cut.heard) cut.heardText = event.heardText;
      forgetUndone(record, event.turn);
      break;
    }
    case "answer_withdrawn": {
      const turn = turnOf(record, event.turn, at);
      turn.phrases = [];
      turn.answerComplete = false;
      forgetUndone(record, event.turn);
      break;
    }
    case "sources": {
      const turn = turnOf(record, event.turn, at);
      turn.kb = event.kb;
      turn.headings = event.headings;
      break;
    }
    case "timings": {
      const turn = turnOf(record, event.turn, at);
      turn.stages = { ...turn.stages, ...event.stages };
      break;
    }
    case "nudged":
      record.nudged = true;
      break;
    case "dtmf":
      record.keys += event.digit;
      break;
    case "tool_begun":
      record.tools.push({ id: event.id, turn: event.turn, call: event.call, after: event.after });
      break;
    case "tool_done": {
      const tool = record.tools.find(({ id }) => id === event.id);
      if (tool) tool.result = event.result;
      break;
    }
    case "restarted":
      record.restarts.push({
        at,
        reason: event.reason,
        phase: event.phase,
        waitedMs: event.waitedMs,
      });
      break;
    case "ended":
      record.endedAt = at;
      record.endReason = event.reason;
      break;
  }
}

/** What was to follow an answer that was cut short is wanted no more. */
function forgetUndone(record: CallRecord, turn: number): void {
  record.tools = record.tools.filter((tool) => tool.turn !== turn || tool.result !== undefined);
}

function turnOf(record: CallRecord, number: number, at: number): TurnRecord {
  let turn = record.turns.find((candidate) => candidate.turn === number);
  if (!turn) {
    turn = { turn: number, at, phrases: [], answerComplete: false, interrupted: false, stages: {} };
    record.turns.push(turn);
  }
  return turn;
}

/** The number of the turn to come. */
export function nextTurn(record: CallRecord): number {
  const last = record.turns.at(-1);
  return last ? last.turn + 1 : 0;
}

/** The contacts that the caller has left. Personal data: shown in the call's record, never logged. */
export function contactsOf(record: CallRecord): Contact[] {
  return record.tools.flatMap(({ call, result }) =>
    call.name === "take_contact" && result === "done" ? [call.contact] : []
  );
}

/** What the caller heard of a turn's answer: whole phrases, and the beginning of a cut one. */
export function heardText(turn: TurnRecord): string {
  return turn.phrases
    .map((phrase) => phrase.heard ? phrase.text : phrase.heardText ?? "")
    .filter((text) => text !== "")
    .join(" ");
}
