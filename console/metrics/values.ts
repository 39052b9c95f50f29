// What may be put into a metric, whatever an isolate or a service has sent.

import type { Histogram } from "prom-client";

/** Adds one duration; what is not one (a clock gone wrong in another isolate) is not counted. */
export function observe<L extends string>(
  histogram: Histogram<L>,
  labels: Partial<Record<L, string>>,
  ms: number,
): void {
  if (Number.isFinite(ms)) histogram.observe(labels, Math.max(0, ms) / 1000);
}

/** Keeps free text (which may hold a number or an id) out of the labels: it becomes "other". */
export function word(label: string): string {
  return /^(?!.*\d{4})[A-Za-z0-9][\w-]{0,39}$/.test(label) ? label : "other";
}
