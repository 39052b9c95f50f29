// What the service measures with, all of one registry and under one prefix.

import { Counter, Gauge, Histogram, type Registry } from "prom-client";

const PREFIX = "voxbot_";

/** Registers metrics under our prefix. Counters end in `_total`. */
export class Instruments {
  readonly #registers: [Registry];

  constructor(registry: Registry) {
    this.#registers = [registry];
  }

  counter<L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    return new Counter({
      name: `${PREFIX}${name}_total`,
      help,
      labelNames,
      registers: this.#registers,
    });
  }

  gauge<L extends string>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> {
    return new Gauge({ name: PREFIX + name, help, labelNames, registers: this.#registers });
  }

  /** `buckets` are upper bounds, in the unit that the name ends in. */
  histogram<L extends string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly L[] = [],
  ): Histogram<L> {
    return new Histogram({
      name: PREFIX + name,
      help,
      buckets,
      labelNames,
      registers: this.#registers,
    });
  }
}
