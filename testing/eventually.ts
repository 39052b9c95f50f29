// Waiting for what no event reports.

import { pause } from "../runtime/waiting.ts";

const POLL_MS = 20;
const TIMEOUT_MS = 20_000;

/**
 * Polls `found` every 20 ms and resolves with the first result that is neither undefined nor false.
 *
 * @param what the expected outcome in words, for the error.
 * @throws {Error} naming `what`, after `timeoutMs`.
 */
export async function eventually<T>(
  found: () => T | undefined | false | Promise<T | undefined | false>,
  what: string | (() => string),
  timeoutMs = TIMEOUT_MS,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const result = await found();
    if (result) return result;
    if (performance.now() > deadline) {
      const expected = typeof what === "string" ? what : what();
      throw new Error(`waited ${timeoutMs} ms in vain until ${expected}`);
    }
    await pause(POLL_MS);
  }
}

/**
 * Waits until `condition` holds, at most `timeoutMs`; one that throws does not hold.
 *
 * @returns whether it holds.
 */
export async function holdsWithin(
  timeoutMs: number,
  condition: () => unknown | Promise<unknown>,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    if (await holds(condition)) return true;
    if (performance.now() > deadline) return false;
    await pause(POLL_MS);
  }
}

async function holds(condition: () => unknown | Promise<unknown>): Promise<boolean> {
  try {
    return Boolean(await condition());
  } catch {
    return false;
  }
}
