// The log as a test reads it: lines are kept instead of written to standard error.

import { configureSync, type LogLevel, type LogRecord, resetSync } from "@logtape/logtape";
import { formatRecord } from "../config/logging.ts";

/** The lines logged from its creation until it is disposed. */
export class LogLines implements Disposable {
  readonly all: string[] = [];
  readonly #awaited = new Set<{ readonly text: RegExp; readonly resolve: () => void }>();

  constructor(lowestLevel: LogLevel = "info") {
    configureSync({
      reset: true,
      sinks: { lines: (record) => this.#add(record) },
      loggers: [
        { category: ["voxbot"], lowestLevel, sinks: ["lines"] },
        { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["lines"] },
      ],
    });
  }

  get warnings(): string[] {
    return this.all.filter((line) => line.includes(" WARNING "));
  }

  get errors(): string[] {
    return this.all.filter((line) => line.includes(" ERROR "));
  }

  /** Resolves when the next line that matches is written. */
  written(text: RegExp): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#awaited.add({ text, resolve });
    return promise;
  }

  [Symbol.dispose](): void {
    resetSync();
  }

  #add(record: LogRecord): void {
    const line = formatRecord(record);
    this.all.push(line);
    for (const { text, resolve } of this.#awaited) if (text.test(line)) resolve();
  }
}
