// A call as a list of events, and as the record that they fold into. Call isolates report events and
// the journal keeps them; `/api/calls` shows the record, and a replacement isolate resumes from it.

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

/** Milliseconds after `speech_end`, for each stage that a turn went through. */
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
  /**
   * The caller's turn is over. A second `caller_turn` with the same number replaces the first: the
   * caller continued speaking. `raw` is what was recognised, word for word.
   */
  | {
    readonly kind: "caller_turn";
    readonly turn: number;
    readonly text: string;
    readonly raw?: string;
  }
  /** The bot made a phrase; `phrase` counts from 0 in its turn. */
  | {
    readonly kind: "bot_phrase";
    readonly turn: number;
    readonly phrase: number;
    readonly text: string;
  }
  /** A phrase was heard to its end. */
  | { readonly kind: "phrase_heard"; readonly turn: number; readonly phrase: number }
  /** The turn's answer is complete and has this many phrases. */
  | { readonly kind: "answer_complete"; readonly turn: number; readonly phrases: number }
  /** The caller talked over the bot: they heard `heardText` of phrase `phrase`, and no later phrase. */
  | {
    readonly kind: "barge_in";
    readonly turn: number;
    readonly phrase: number;
    readonly heardText: string;
    /** From the first sample of the caller's speech until playout stopped at the PBX. */
    readonly onsetToSilenceMs: number;
  }
  /** The bot gave up its answer before the caller heard any of it: they were still speaking. */
  | { readonly kind: "answer_withdrawn"; readonly turn: number }
  /** The answer rests on these knowledge bases, and on the passages under these headings. */
  | {
    readonly kind: "sources";
    readonly turn: number;
    readonly kb: readonly KnowledgeBaseName[];
    readonly headings: readonly string[];
  }
  | { readonly kind: "timings"; readonly turn: number; readonly stages: StageTimings }
  /** The caller was silent, and the bot asked whether they are still there. */
  | { readonly kind: "nudged" }
  /** The caller pressed a key: which one, or "x" under `MASK_CARDS`. */
  | { readonly kind: "dtmf"; readonly digit: string }
  /** The assistant called a tool, to be run once the caller has heard `after` phrases of the answer. */
  | {
    readonly kind: "tool_begun";
    readonly turn: number;
    readonly id: string;
    readonly call: ToolCall;
    readonly after: number;
  }
  /** The tool call succeeded or failed. It is never tried again. */
  | { readonly kind: "tool_done"; readonly id: string; readonly result: ToolResult }
  /** A request to a model cost this many tokens, whether its answer was used or not. */
  | { readonly kind: "tokens"; readonly tokens: number }
  /** The isolate died and was replaced, after `waitedMs` without one. */
  | {
    readonly kind: "restarted";
    readonly reason: ExitReason;
    readonly phase: Phase;
    readonly waitedMs: number;
  }
  | { readonly kind: "ended"; readonly reason: Exclude<EndReason, "stood_down"> };

/** What became of a tool call. */
export type ToolResult = "done" | "failed";

/** A tool call and its result. */
export interface ToolRecord {
  readonly id: string;
  readonly turn: number;
  readonly call: ToolCall;
  /** How many phrases of the turn's answer the caller must have heard first. */
  readonly after: number;
  /** Undefined until it was run. */
  result?: ToolResult;
}

/** One phrase of the bot. */
export interface PhraseRecord {
  readonly text: string;
  /** The caller heard it to its end. */
  heard: boolean;
  /** What the caller heard of it, if it was cut. */
  heardText?: string;
}

/** One exchange: what the caller said and what the bot answered. Turn 0 is the greeting. */
export interface TurnRecord {
  readonly turn: number;
  readonly at: number;
  /** What the caller said, tidied: numbers as digits, hesitations dropped. */
  caller?: string;
  /** What was recognised, word for word. */
  raw?: string;
  phrases: PhraseRecord[];
  answerComplete: boolean;
  /** The caller talked over the answer. */
  interrupted: boolean;
  bargeInMs?: number;
  kb?: readonly KnowledgeBaseName[];
  headings?: readonly string[];
  stages: StageTimings;
}

/** A call: the fold of its events. */
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
  /** Keys the caller pressed, in order, each as "x" under `MASK_CARDS`. */
  keys: string;
  restarts: { at: number; reason: ExitReason; phase: Phase; waitedMs: number }[];
  tools: ToolRecord[];
  /** What models have used for this call, in tokens. */
  tokens: number;
}

/** The record of a call that has just begun. */
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
    tokens: 0,
  };
}

/** Folds an event into the record. `at`: when it happened, in milliseconds since the epoch. */
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
    case "sources":
      Object.assign(turnOf(record, event.turn, at), { kb: event.kb, headings: event.headings });
      break;
    case "timings":
      Object.assign(turnOf(record, event.turn, at).stages, event.stages);
      break;
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
    case "tokens":
      record.tokens += event.tokens;
      break;
    case "restarted": {
      const { reason, phase, waitedMs } = event;
      record.restarts.push({ at, reason, phase, waitedMs });
      break;
    }
    case "ended":
      record.endedAt = at;
      record.endReason = event.reason;
      break;
  }
}

/** Drops the tool calls of an answer that was cut short: they are no longer wanted. */
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

/** The number of the next turn. */
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

/** What the caller heard of a turn's answer: whole phrases, and the beginning of one that was cut. */
export function heardText(turn: TurnRecord): string {
  return turn.phrases
    .map((phrase) => phrase.heard ? phrase.text : phrase.heardText ?? "")
    .filter((text) => text !== "")
    .join(" ");
}
