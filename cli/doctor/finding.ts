// What the doctor finds: one line each, with the cure where there is something wrong.

/** One thing looked at. */
export interface Finding {
  /** "note": it works, or could not be seen, but is worth knowing; only "FAIL" fails the whole. */
  readonly status: "ok" | "FAIL" | "note";
  readonly what: string;
  /** What to do; always there when something failed. */
  readonly fix?: string;
}

/** Findings that come one after another, while they are made. */
export type Findings = AsyncGenerator<Finding, void>;

/** It is right. */
export function ok(what: string): Finding {
  return { status: "ok", what };
}

/** It is wrong; `fix` says what to do. */
export function fail(what: string, fix: string): Finding {
  return { status: "FAIL", what, fix };
}

/** It is worth knowing. */
export function note(what: string, fix?: string): Finding {
  return { status: "note", what, ...fix && { fix } };
}

/** The line of a finding, and the line of its cure. */
export function format({ status, what, fix }: Finding): string[] {
  const line = `  ${status.padEnd(5)} ${what}`;
  return fix ? [line, `        ${status === "FAIL" ? "fix" : "see"}: ${fix}`] : [line];
}

/** An error's own words, for a finding. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return error.message + cause;
}
