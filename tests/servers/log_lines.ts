// Stands in for the log, instead of standard error: for promises about what is written there.

import { configureSync, resetSync } from "@logtape/logtape";
import { formatRecord } from "../../config/logging.ts";

/** The lines logged since; disposing it ends that. */
export class LogLines implements Disposable {
  readonly all: string[] = [];

  constructor() {
    configureSync({
      reset: true,
      sinks: { lines: (record) => void this.all.push(formatRecord(record)) },
      loggers: [
        { category: ["voxbot"], lowestLevel: "info", sinks: ["lines"] },
        { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["lines"] },
      ],
    });
  }

  get errors(): string[] {
    return this.all.filter((line) => line.includes(" ERROR "));
  }

  [Symbol.dispose](): void {
    resetSync();
  }
}
