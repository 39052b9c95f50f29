// What every isolate and its owner say to each other, whatever the isolate does: read this file and
// you know how an isolate lives and dies. The product's own messages travel beside these, in an
// envelope, so that no message of the product can be taken for one of them.

/** Why an isolate, or any supervised child, ended. */
export type ExitReason =
  | "normal"
  | "crash"
  | "hang"
  | "out_of_memory"
  | "exit"
  | "init_timeout"
  | "phase_timeout"
  | "shutdown";

/** Ways for an isolate to die on purpose, for tests and drills (`FAULT_INJECTION`). */
export const FAULT_KINDS = ["throw", "hang", "oom", "exit"] as const;

/** One way for an isolate to die on purpose. */
export type FaultKind = (typeof FAULT_KINDS)[number];

/** What an owner tells its isolate. */
export type ToIsolate =
  | { readonly kind: "ping"; readonly seq: number }
  /** Finish the work under way and end. */
  | { readonly kind: "shutdown" }
  | { readonly kind: "fault"; readonly fault: FaultKind };

/** What an isolate tells its owner. */
export type FromIsolate =
  /** Initialised: may be given work. */
  | { readonly kind: "ready" }
  | { readonly kind: "pong"; readonly seq: number }
  /** The isolate has nothing left to do and ends `normal`. */
  | { readonly kind: "done" }
  /** The last message before an injected fault strikes; `at` is in milliseconds since the epoch. */
  | { readonly kind: "struck"; readonly at: number };

/** What travels on an isolate's port: a control message, or one of the product's. */
export type Envelope<Control, Message> =
  | { readonly control: Control }
  | { readonly message: Message };

/** What every isolate gets at its birth. Plain data. */
export interface IsolateData {
  readonly logLevel: "debug" | "info" | "warning" | "error";
}
