// Guards for metrics: what isolates and services send is not trusted.

import type { Histogram } from "prom-client";

/** Adds one duration; ignores what is none, such as the work of a broken clock in an isolate. */
export function observe<L extends string>(
  histogram: Histogram<L>,
  labels: Partial<Record<L, string>>,
  ms: number,
): void {
  if (Number.isFinite(ms)) histogram.observe(labels, Math.max(0, ms) / 1000);
}

/** Keeps free text, which may contain a number or an id, out of the labels: it becomes "other". */
export function word(label: string): string {
  return /^(?!.*\d{4})[A-Za-z0-9][\w-]{0,39}$/.test(label) ? label : "other";
}
