// Guards for metrics: what isolates and services send is not trusted.

import type { LabelValues } from "prom-client";

/** Many values of one quantity. */
export interface Spread<L extends string> {
  observe(labels: LabelValues<L> | number, value?: number): void;
}

/** Adds one duration. A little less than none is none: clocks of two isolates differ. */
export function observe<L extends string>(
  spread: Spread<L>,
  labels: LabelValues<L>,
  ms: number,
): void {
  spread.observe(labels, isFigure(ms) ? Math.max(0, ms) / 1000 : ms);
}

/** Whether a counter can take it. */
export function isAmount(value: unknown): value is number {
  return isFigure(value) && value >= 0;
}

/** Whether it is a number that can be shown and added up. */
export function isFigure(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** Keeps free text, which may contain a number or an id, out of the labels: it becomes "other". */
export function word(label: string): string {
  return /^(?!.*\d{4})[A-Za-z0-9][\w-]{0,39}$/.test(label) ? label : "other";
}
