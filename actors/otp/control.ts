// What every isolate and its owner send each other, whatever the isolate does: read this file and
// you know how an isolate lives and dies. The product's own messages travel beside these in an
// envelope, so that none of them can be mistaken for one of these.

import type { LogFormat } from "../../config/logging.ts";

/** Why an isolate, or any supervised child, ended. */
export type ExitReason =
  /** It had nothing left to do. */
  | "normal"
  /** An error that nothing caught. */
  | "crash"
  /** It left its heartbeats unanswered. */
  | "hang"
  | "out_of_memory"
  /** Something in it called `Deno.exit`. */
  | "exit"
  /** It was not ready in time. */
  | "init_timeout"
  /** The call that it had stayed in one phase for too long. */
  | "phase_timeout"
  /** Its owner ended it. */
  | "shutdown";

/** Ways for an isolate to die on purpose, for tests and drills (`FAULT_INJECTION`). */
export const FAULT_KINDS = ["throw", "hang", "oom", "exit"] as const;

/** One way for an isolate to die on purpose. */
export type FaultKind = (typeof FAULT_KINDS)[number];

/** What an owner sends to its isolate. */
export type ToIsolate =
  | { readonly kind: "ping"; readonly seq: number }
  /** Finish the work under way and end. */
  | { readonly kind: "shutdown" }
  | { readonly kind: "fault"; readonly fault: FaultKind };

/** What an isolate sends to its owner. */
export type FromIsolate =
  /** It is initialised and takes work. */
  | { readonly kind: "ready" }
  | { readonly kind: "pong"; readonly seq: number }
  /** It has nothing left to do and ends as `normal`. */
  | { readonly kind: "done" }
  /** The last message before an injected fault strikes; `at` is in milliseconds since the epoch. */
  | { readonly kind: "struck"; readonly at: number };

/** Whether it is a control message of an isolate, in every field. */
export function isControl(control: unknown): control is FromIsolate {
  if (typeof control !== "object" || control === null) return false;
  const { kind, seq, at } = control as Record<string, unknown>;
  if (kind === "pong") return Number.isSafeInteger(seq);
  if (kind === "struck") return Number.isFinite(at);
  return kind === "ready" || kind === "done";
}

/** What travels on an isolate's port: a control message, or one of the product's. */
export type Envelope<Control, Message> =
  | { readonly control: Control }
  | { readonly message: Message };

/** What every isolate gets at its start. Plain data. */
export interface IsolateData {
  readonly logLevel: "debug" | "info" | "warning" | "error";
  /** As text without it. */
  readonly logFormat?: LogFormat;
}
