// Reads how many tests passed and failed from the output of `deno test`, and writes our closing line.

/** Numbers of tests. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/** The closing line of `deno test`: `FAILED | 13 passed (2 steps) | 1 failed | 1 ignored (1s)`. */
const SUMMARY = /^(?:ok|FAILED) \| (\d+) passed(?: \([^)]*\))? \| (\d+) failed/gm;
// deno-lint-ignore no-control-regex
const COLOUR = /\x1b\[[\d;]*m/g;

/** The counts of the last summary in the output of `deno test`; zero passed without one. */
export function readSummary(output: string): Counts {
  const last = [...output.replace(COLOUR, "").matchAll(SUMMARY)].at(-1);
  return { passed: Number(last?.[1] ?? 0), failed: Number(last?.[2] ?? 0) };
}

/** The failures that `deno test` lists at its end. */
export interface Failures {
  readonly files: readonly string[];
  /** The tests' names; empty when a whole file failed, so that names cannot tell. */
  readonly tests: readonly string[];
}

/**
 * The failures of a run of `deno test`. A test's file is the one that ran it, which need not be the one
 * that contains it: several files register the same suite.
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
    // Files that run side by side are named in each line.
    const [, file, failed] = line.match(/^(?:\.\/(\S+?\.ts) => )?(.+) \.\.\. FAILED \(/) ?? [];
    const from = file ?? running;
    if (from && failed !== undefined && tests.has(failed)) files.add(from);
  }
  return { files: [...files], tests: whole.length > 0 ? [] : [...tests] };
}

/**
 * The counts of a run whose failures were run again. A failure counts as passed only if the second run
 * reports it: a failure that it did not run remains.
 */
export function withSecondTry(first: Counts, again: Counts): Counts {
  const failed = Math.min(first.failed, Math.max(again.failed, first.failed - again.passed));
  return { passed: first.passed + first.failed - failed, failed };
}

/** The sum of all counts. */
export function sum(counts: readonly Counts[]): Counts {
  return {
    passed: counts.reduce((total, { passed }) => total + passed, 0),
    failed: counts.reduce((total, { failed }) => total + failed, 0),
  };
}

/** The closing line of a test run. */
export function summaryLine({ passed, failed }: Counts): string {
  return `${passed} passed, ${failed} failed`;
}
