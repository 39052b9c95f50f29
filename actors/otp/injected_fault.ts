// How an isolate dies on purpose, for tests and drills (`FAULT_INJECTION`): the way a bug would kill it.

import { getHeapStatistics } from "node:v8";
import type { FaultKind } from "./control.ts";

/** A leak grows by 100,000 numbers of 8 bytes each time. */
const LEAKED_NUMBERS = 100_000;
const LEAK_EVERY_MS = 2;
/** A heap this full is made to overflow in one go: the rest would be spent collecting garbage. */
const BRIM = 0.9;

/**
 * Ends this isolate by `fault`.
 *
 * @param strikes called just before the isolate stops doing anything else. For `oom` that takes half a
 * second and more: as with any leak, the isolate keeps working until its heap is nearly full.
 */
export function die(fault: FaultKind, strikes: () => void): void {
  if (fault === "oom") return leak(strikes);
  // Not in a message handler: an error thrown there need not end the isolate.
  setTimeout(() => {
    strikes();
    switch (fault) {
      case "throw":
        throw new Error("injected fault");
      case "hang":
        for (;;) Math.random();
      case "exit":
        Deno.exit(3);
    }
  });
}

function leak(strikes: () => void): void {
  const hoard: unknown[] = [];
  const more = () => hoard.push(new Array(LEAKED_NUMBERS).fill(Math.random()));
  const timer = setInterval(() => {
    more();
    const { used_heap_size, heap_size_limit } = getHeapStatistics();
    if (used_heap_size < BRIM * heap_size_limit) return;
    clearInterval(timer);
    strikes();
    for (;;) more();
  }, LEAK_EVERY_MS);
}
