// What the benchmark and its callers' process tell each other, as lines of JSON. Times are milliseconds
// by the callers' clock.

import type { G711Law } from "../../../../media/codec/g711.ts";
import type { SipAccount } from "./sip_line.ts";

/** The callers' process is told this on its command line. */
export interface CallersOptions {
  readonly account: SipAccount;
  readonly codec: G711Law;
  readonly language: "en" | "ru";
}

/** Calls to place. */
export interface LevelRequest {
  readonly calls: number;
  /** Between two calls. */
  readonly everyMs: number;
  /** Questions a call asks at least. */
  readonly turns: number;
  /** How long all calls go on once the last one was placed; without it each ends after its questions. */
  readonly holdMs?: number;
  /** A caller who has not heard the greeting by then hangs up. */
  readonly patienceMs: number;
}

/** Reports of the callers' process. */
export type CallersReport =
  | { readonly kind: "ready"; readonly pid: number }
  /** All calls of the level have been placed and had time to be greeted. */
  | { readonly kind: "steady" }
  /** The calls begin to end. */
  | { readonly kind: "ending" }
  | { readonly kind: "done"; readonly calls: readonly CallResult[]; readonly frames: Frames };

/** One question and its answer. */
export interface TurnResult {
  /** When the question ended, as of the level's first call. */
  readonly endedAt: number;
  /** Whether the whole level was up when it was asked. */
  readonly steady: boolean;
  /** From the end of the question to the answer's first sound; absent when none came. */
  readonly voiceToVoiceMs?: number;
  /** The other side still spoke when the question ended, so that there is no such time. */
  readonly overlapped?: true;
}

/** What became of one call. */
export interface CallResult {
  readonly invitedAt: number;
  /** When the PBX answered. */
  readonly answeredAt?: number;
  /** When the greeting was heard to begin. */
  readonly greetedAt?: number;
  /** When something else than the greeting was heard first, or the call was refused. */
  readonly toldAt?: number;
  /** Why the call ended, unless the caller hung up when all was said. */
  readonly endedEarly?: string;
  readonly turns: readonly TurnResult[];
  /** From the caller's first sound to the bot's silence. */
  readonly bargeInMs: readonly number[];
  /** How long the caller spoke, and how long the call was up. */
  readonly speechMs: number;
  readonly upMs: number;
}

/** The packets that all callers heard. */
export interface Frames {
  /** How many gaps there were of each length, in whole milliseconds. */
  readonly gaps: readonly (readonly [ms: number, count: number])[];
  /** Gaps over 40 ms: the PBX had nothing to send, or it sent too late. */
  readonly nothingToSend: number;
  readonly late: number;
  readonly lost: number;
  /** Packets that the kernel refused to send. */
  readonly unsent: number;
  /** How late the callers' clock ticked at most. */
  readonly lateMs: number;
}
