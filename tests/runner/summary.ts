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

/**
 * The failures of a run of `deno test`. A test's file is the one that was running: where the test
 * was written may be elsewhere, in a suite that several files register.
 */
export function readFailures(output: string): Failures {
  const plain = output.replace(COLOUR, "");
  const list = plain.split(/^ *FAILURES *$/m).at(-1) ?? "";
  const tests = new Set([...list.matchAll(/^(.+) => \.\/\S+?\.ts:\d+/gm)].map(([, name]) => name!));
  const whole = [...list.matchAll(/^\.\/(\S+?\.ts) \(uncaught error\)/gm)].map(([, path]) => path!);
  const files = new Set(whole);
  let running: string | undefined;
  for (const line of plain.split("\n")) {
    running = line.match(/^running \d+ tests? from \.\/(\S+)/)?.[1] ?? running;
    const failed = line.match(/^(.+) \.\.\. FAILED \(/)?.[1];
    if (running && failed !== undefined && tests.has(failed)) files.add(running);
  }
  return { files: [...files], tests: whole.length > 0 ? [] : [...tests] };
}

/**
 * The counts of a run whose failures were run once more. What failed has passed only where the
 * second run says so: a failure that it did not run stays one.
 */
export function withSecondTry(first: Counts, again: Counts): Counts {
  const failed = Math.min(first.failed, Math.max(again.failed, first.failed - again.passed));
  return { passed: first.passed + first.failed - failed, failed };
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
