// The report of a chaos run: figures to read, and checks that passed or failed.

import { percentile } from "../../testing/mod.ts";
import type { Counts } from "../runner/summary.ts";
import { say } from "../runner/steps.ts";

/** Collects the checks of a run and prints each as it is made. */
export class Report {
  #passed = 0;
  #failed = 0;

  get counts(): Counts {
    return { passed: this.#passed, failed: this.#failed };
  }

  /** @param problems what is wrong, in words; an empty list is a pass. */
  async check(promise: string, problems: readonly string[]): Promise<void> {
    if (problems.length === 0) this.#passed++;
    else this.#failed++;
    await say(`${problems.length === 0 ? "ok    " : "FAILED"} ${promise}\n`);
    for (const problem of problems.slice(0, 10)) await say(`         ${problem}\n`);
    if (problems.length > 10) await say(`         and ${problems.length - 10} more\n`);
  }

  async line(text: string): Promise<void> {
    await say(`${text}\n`);
  }

  async heading(text: string): Promise<void> {
    await say(`\n--- ${text}\n`);
  }
}

/** "p50 210  p95 480  max 900  (n 30)", whole milliseconds. */
export function spread(values: readonly number[]): string {
  if (values.length === 0) return "none";
  const at = (share: number) => String(Math.round(percentile(values, share))).padStart(5);
  return `p50 ${at(0.5)}  p95 ${at(0.95)}  max ${at(1)}  (n ${values.length})`;
}
