// What the doctor finds: one line each, with the fix where something is wrong.

import { messageOf } from "../../runtime/error_text.ts";

/** The result of one check. */
export interface Finding {
  /** "note" is worth knowing, but does not fail the examination. */
  readonly status: "ok" | "FAIL" | "note";
  readonly what: string;
  /** What to do; always present with "FAIL". */
  readonly fix?: string;
}

/** Findings as they are made. */
export type Findings = AsyncGenerator<Finding, void>;

/** The check passed. */
export function ok(what: string): Finding {
  return { status: "ok", what };
}

/** The check failed; `fix` says what to do. */
export function fail(what: string, fix: string): Finding {
  return { status: "FAIL", what, fix };
}

/** Worth knowing; `see`, if given, says where to look. */
export function note(what: string, see?: string): Finding {
  return { status: "note", what, ...see && { fix: see } };
}

/** A finding as a line, and its fix as a second one. */
export function format({ status, what, fix }: Finding): string[] {
  const line = `  ${status.padEnd(5)} ${what}`;
  return fix ? [line, `        ${status === "FAIL" ? "fix" : "see"}: ${fix}`] : [line];
}

/** An error's message and that of its cause. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error
    ? ` (${error.cause.message})`
    : "";
  return messageOf(error) + cause;
}
