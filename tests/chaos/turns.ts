// Alternates calm and storm within one run, so that whatever else the machine does affects both.

import { pause } from "../../runtime/waiting.ts";
import { percentile } from "../../testing/mod.ts";
import type { Report } from "./report.ts";

/** One period. Times are `performance.now()`. */
export interface Turn {
  readonly from: number;
  readonly to: number;
  readonly stormy: boolean;
}

/**
 * A calm period, a stormy one, and so on.
 *
 * @param storm runs until the given moment or a little longer.
 */
export async function byTurns(
  { rounds, turnMs }: { readonly rounds: number; readonly turnMs: number },
  storm: (until: number) => Promise<void>,
): Promise<readonly Turn[]> {
  const turns: Turn[] = [];
  for (let i = 0; i < 2 * rounds; i++) {
    const stormy = i % 2 === 1;
    const from = performance.now();
    if (stormy) await storm(from + turnMs);
    else await pause(turnMs);
    turns.push({ from, to: performance.now(), stormy });
  }
  return turns;
}

/**
 * Reports the percentiles measured in calm and in stormy periods.
 *
 * @param measured the values of some periods, in milliseconds.
 * @returns how much the storm changes the 99th percentile, in milliseconds.
 */
export async function compareTurns(
  turns: readonly Turn[],
  measured: (turns: readonly Turn[]) => readonly number[],
  report: Report,
): Promise<number> {
  const p99 = (of: readonly Turn[]) => percentile(measured(of), 0.99);
  const [calm, stormy] = [turns.filter((t) => !t.stormy), turns.filter((t) => t.stormy)];
  for (const [name, of] of [["calm", calm], ["storm", stormy]] as const) {
    const values = measured(of);
    const at = (share: number) => percentile(values, share).toFixed(1).padStart(6);
    await report.line(
      `  ${name.padEnd(5)} p50 ${at(0.5)}  p95 ${at(0.95)}  p99 ${at(0.99)}  p99.9 ${
        at(0.999)
      } ms  (n ${values.length})`,
    );
  }
  const pairs = calm.map((turn, i) =>
    `${p99([turn]).toFixed(1)} → ${p99([stormy[i]!]).toFixed(1)}`
  );
  await report.line(`  p99 turn by turn, calm → storm: ${pairs.join(", ")} ms`);
  return p99(stormy) - p99(calm);
}
