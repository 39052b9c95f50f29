// A thread that nothing can end. Measured on Deno 2.9.6: `terminate()` of a worker that is in an
// endless loop returns, yet the loop runs on, on a core of its own, until the process ends.

import { setPriority } from "node:os";
import { logger } from "../config/logging.ts";

const log = logger("isolate");

const LOWEST_PRIORITY = 19;

/**
 * Leaves a worker's thread only the CPU that nobody else wants, so that a call that hangs costs
 * its neighbours nothing. A thread that does end is none the worse for it. Linux only: elsewhere
 * threads have no priority of their own that could be set from outside.
 *
 * @param threadId the worker's, while it was alive.
 */
export function deprive(isolate: string, threadId: number): void {
  if (Deno.build.os !== "linux") return;
  try {
    const thread = systemThread(`worker-${threadId}`);
    if (thread === undefined) return;
    setPriority(thread, LOWEST_PRIORITY);
    log.warn("a hung thread cannot be ended, it goes on with the lowest priority", {
      isolate,
      thread,
    });
  } catch (error) {
    // It may have ended while it was being looked for.
    if (error instanceof Deno.errors.NotFound) return;
    log.error("a hung thread goes on and takes CPU from the calls", { isolate, error });
  }
}

/** The system's id of one of this process's threads, by its name. */
function systemThread(name: string): number | undefined {
  for (const { name: id } of Deno.readDirSync("/proc/self/task")) {
    if (Deno.readTextFileSync(`/proc/self/task/${id}/comm`).trim() === name) return Number(id);
  }
  return undefined;
}
