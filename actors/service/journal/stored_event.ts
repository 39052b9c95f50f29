// An event as the journal's file holds it is data, not a promise: a disk, a power cut or an editor may
// have made anything of it. Only what is an event, field by field, and fits the call's record is folded.

import type { Contact, ToolCall } from "../../../agent/agent.ts";
import type { CallEvent, CallRecord, EndReason } from "../../call_record.ts";
import type { ExitReason } from "../../otp/control.ts";
import { phase, stage } from "../isolates/border/call_words.ts";
import {
  type Check,
  count,
  isObject,
  list,
  maybe,
  record,
  text as textUpTo,
  word,
} from "../isolates/border/shapes.ts";

/** Longest event that is written or read, in characters; a turn's words are far fewer. */
export const MAX_EVENT_CHARS = 65_536;

/** More turns or phrases than a call of a day can have: beyond it a number is nonsense. */
const MAX_INDEX = 100_000;

type Kind = CallEvent["kind"];
type Fields<K extends Kind> = {
  readonly [F in keyof Omit<Extract<CallEvent, { kind: K }>, "kind">]-?: Check;
};

/**
 * The event in `text`, or undefined where `text` is none.
 *
 * @param text JSON, or whatever the file holds in its place.
 */
export function storedEvent(text: unknown): CallEvent | undefined {
  if (typeof text !== "string" || text.length > MAX_EVENT_CHARS) return undefined;
  const value = parsed(text);
  if (!isObject(value)) return undefined;
  const { kind } = value;
  if (typeof kind !== "string" || !Object.hasOwn(FIELDS, kind)) return undefined;
  const event: Record<string, unknown> = { kind };
  for (const [field, check] of Object.entries<Check>(FIELDS[kind as Kind])) {
    if (!check(value[field])) return undefined;
    if (value[field] !== undefined) event[field] = value[field];
  }
  return event as unknown as CallEvent; // Every field of its kind has been checked.
}

/**
 * Whether the record can take the event: turns and phrases come one after another, and a tool call
 * begins once. Events that are missing or in the wrong order would otherwise leave holes.
 */
export function fits({ turns, tools }: CallRecord, event: CallEvent): boolean {
  if (event.kind === "tool_begun" && tools.some(({ id }) => id === event.id)) return false;
  if (!("turn" in event)) return true;
  const turn = turns.find((candidate) => candidate.turn === event.turn);
  const last = turns.at(-1)?.turn ?? -1;
  if (!turn && event.turn < last) return false;
  return event.kind !== "bot_phrase" || event.phrase <= (turn?.phrases.length ?? 0);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // A line that was cut, say: the caller counts it.
  }
}

/** An event's text bounds what it holds: no string and no list of it is longer. */
const text = textUpTo(MAX_EVENT_CHARS);
const index = count(MAX_INDEX);
const ms: Check = (value) => typeof value === "number" && Math.abs(value) <= 86_400_000;

const exitReason = word<ExitReason>({
  normal: true,
  crash: true,
  hang: true,
  out_of_memory: true,
  exit: true,
  init_timeout: true,
  phase_timeout: true,
  shutdown: true,
});

const stages = record(stage, ms, MAX_EVENT_CHARS);

const CONTACT: { readonly [F in keyof Contact]-?: Check } = {
  name: maybe(text),
  phone: maybe(text),
  email: maybe(text),
};

type Tool = ToolCall["name"];
const TOOLS: {
  readonly [N in Tool]: {
    readonly [F in keyof Omit<Extract<ToolCall, { name: N }>, "name">]-?: Check;
  };
} = {
  transfer_to: { key: text, extension: text },
  hang_up: {},
  send_dtmf: { digits: text },
  take_contact: { contact: (value) => isObject(value) && all(CONTACT, value) },
};

const toolCall: Check = (value) =>
  isObject(value) && typeof value.name === "string" && Object.hasOwn(TOOLS, value.name) &&
  all(TOOLS[value.name as Tool], value);

const FIELDS: { readonly [K in Kind]: Fields<K> } = {
  phase: { phase },
  caller_turn: { turn: index, text, raw: maybe(text) },
  bot_phrase: { turn: index, phrase: index, text },
  phrase_heard: { turn: index, phrase: index },
  answer_complete: { turn: index, phrases: index },
  barge_in: { turn: index, phrase: index, heardText: text, onsetToSilenceMs: ms },
  answer_withdrawn: { turn: index },
  sources: {
    turn: index,
    kb: list(word({ general: true, tech: true }), MAX_EVENT_CHARS),
    headings: list(text, MAX_EVENT_CHARS),
  },
  timings: { turn: index, stages },
  nudged: {},
  dtmf: { digit: text },
  tool_begun: { turn: index, id: text, call: toolCall, after: index },
  tool_done: { id: text, result: word({ done: true, failed: true }) },
  tokens: { tokens: count(Number.MAX_SAFE_INTEGER) },
  restarted: { reason: exitReason, phase, waitedMs: ms },
  ended: {
    reason: word<Exclude<EndReason, "stood_down">>({
      hangup: true,
      handover: true,
      transfer: true,
      lost: true,
    }),
  },
};

function all(checks: Readonly<Record<string, Check>>, value: Record<string, unknown>): boolean {
  return Object.entries(checks).every(([field, check]) => check(value[field]));
}
