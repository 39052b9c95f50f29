// How many tests passed and failed, read from `deno test` and written for whoever runs ours.

/** How many. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/** The closing line of `deno test`: `FAILED | 13 passed (2 steps) | 1 failed | 1 ignored (1s)`. */
const SUMMARY = /^(?:ok|FAILED) \| (\d+) passed(?: \([^)]*\))? \| (\d+) failed/gm;
// deno-lint-ignore no-control-regex
const COLOUR = /\x1b\[[\d;]*m/g;

/** The counts of the last summary in `deno test`'s output; nothing passed when there is none. */
export function readSummary(output: string): Counts {
  const last = [...output.replace(COLOUR, "").matchAll(SUMMARY)].at(-1);
  return { passed: Number(last?.[1] ?? 0), failed: Number(last?.[2] ?? 0) };
}

/** What failed, as `deno test` lists it at its end. */
export interface Failures {
  readonly files: readonly string[];
  /** The tests' names; empty when a whole file failed, and so no names tell. */
  readonly tests: readonly string[];
}

/** The failures of a run of `deno test`. */
export function readFailures(output: string): Failures {
  const list = output.replace(COLOUR, "").split(/^ *FAILURES *$/m).at(-1) ?? "";
  const tests = [...list.matchAll(/^(.+) => \.\/(\S+?\.ts):\d+/gm)];
  const whole = [...list.matchAll(/^\.\/(\S+?\.ts) \(uncaught error\)/gm)];
  return {
    files: [...new Set([...tests.map(([, , path]) => path!), ...whole.map(([, path]) => path!)])],
    tests: whole.length > 0 ? [] : [...new Set(tests.map(([, name]) => name!))],
  };
}

/** All counts together. */
export function sum(counts: readonly Counts[]): Counts {
  return {
    passed: counts.reduce((total, { passed }) => total + passed, 0),
    failed: counts.reduce((total, { failed }) => total + failed, 0),
  };
}

/** The line that closes a test run. */
export function summaryLine({ passed, failed }: Counts): string {
  return `${passed} passed, ${failed} failed`;
}
