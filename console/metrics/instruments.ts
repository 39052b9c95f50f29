// What the service measures with, all of one registry and under one prefix. None of it throws,
// whatever an isolate or a server has made it count: what is no amount is skipped, and that is counted.

import { Counter, Gauge, Histogram, type LabelValues, type Registry } from "prom-client";
import { PLACES, unexpected, unexpectedErrors } from "../../runtime/unexpected.ts";
import { isAmount, isFigure, type Spread } from "./values.ts";

const PREFIX = "voxbot_";

/** A sum that only grows. */
export interface Count<L extends string> {
  /** Adds 1 unless told what. */
  inc(labels?: LabelValues<L> | number, ...value: [number?]): void;
  reset(): void;
}

/** A figure that goes up and down. */
export interface Level<L extends string> {
  set(labels: LabelValues<L> | number, value?: number): void;
  reset(): void;
}

/** Registers metrics under our prefix. Counters end in `_total`. */
export class Instruments {
  readonly #registers: [Registry];
  readonly #skipped: Counter<"metric">;

  constructor(registry: Registry) {
    this.#registers = [registry];
    this.#skipped = new Counter({
      name: `${PREFIX}metric_values_skipped_total`,
      help: "Values that were no number, infinite or, for a counter, negative, by the metric",
      labelNames: ["metric"],
      registers: this.#registers,
    });
  }

  counter<L extends string>(name: string, help: string, labelNames: readonly L[] = []): Count<L> {
    const full = `${PREFIX}${name}_total`;
    const counter = new Counter({ name: full, help, labelNames, registers: this.#registers });
    const add = this.#safely<L>(full, isAmount, (labels, value) => counter.inc(labels, value));
    return {
      inc: (first, ...second) =>
        typeof first === "object" ? add(first, second.length > 0 ? second[0] : 1) : add(first ?? 1),
      reset: () => counter.reset(),
    };
  }

  gauge<L extends string>(name: string, help: string, labelNames: readonly L[] = []): Level<L> {
    const full = PREFIX + name;
    const gauge = new Gauge({ name: full, help, labelNames, registers: this.#registers });
    return {
      set: this.#safely<L>(full, isFigure, (labels, value) => gauge.set(labels, value)),
      reset: () => gauge.reset(),
    };
  }

  /** `buckets` are upper bounds, in the unit that the name ends in. */
  histogram<L extends string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly L[] = [],
  ): Spread<L> {
    const full = PREFIX + name;
    const registers = this.#registers;
    const histogram = new Histogram({ name: full, help, buckets, labelNames, registers });
    return {
      observe: this.#safely<L>(full, isFigure, (labels, value) => histogram.observe(labels, value)),
    };
  }

  /** Shows what the guards of this isolate have met: zero is what an operator wants to see. */
  unexpectedErrors(): void {
    new Counter({
      name: `${PREFIX}unexpected_errors_total`,
      help: "Errors that nobody foresaw, by the guard that met them; each has a line in the log",
      labelNames: ["where"],
      registers: this.#registers,
      collect() {
        this.reset();
        const errors = unexpectedErrors();
        for (const where of PLACES) this.inc({ where }, errors[where]);
      },
    });
  }

  /** Takes values that are `fit`, and reports what prom-client finds wrong with their labels. */
  #safely<L extends string>(
    metric: string,
    fit: (value: unknown) => value is number,
    take: (labels: LabelValues<L>, value: number) => void,
  ): (first: LabelValues<L> | number, second?: number) => void {
    return (first, second) => {
      const labelled = typeof first === "object" && first !== null;
      const value = labelled ? second : first;
      try {
        if (fit(value)) take(labelled ? first : {}, value);
        else this.#skipped.inc({ metric });
      } catch (error) {
        unexpected("metrics", error, { metric });
      }
    };
  }
}
