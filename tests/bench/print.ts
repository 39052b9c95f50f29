// How benchmarks print.

import { percentile } from "../../testing/mod.ts";
import { say } from "../runner/steps.ts";

/** One line. */
export function line(text = ""): Promise<void> {
  return say(`${text}\n`);
}

/** A row of percentiles in milliseconds, with the aim. */
export function row(label: string, values: readonly number[], aim = ""): Promise<void> {
  const cell = (share: number) => percentile(values, share).toFixed(1).padStart(8);
  const note = aim ? `   aim: ${aim}` : "";
  return line(
    `${label.padEnd(44)} p50${cell(0.5)}  p95${cell(0.95)}  p99${
      cell(0.99)
    }  n ${values.length}${note}`,
  );
}
