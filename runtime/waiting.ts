// Waiting with an end: for a while, until a deadline, or until somebody cancels.

import { setTimeout as delay } from "node:timers/promises";

/** Waits `ms` milliseconds, not at all when that is negative. Resolves early, without an error, when `signal` aborts. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(Math.max(0, ms), undefined, { signal });
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}

/**
 * The promise's outcome, or `failure()` thrown once `ms` milliseconds have passed. The work itself
 * is not cancelled: abort the signal it was given.
 */
export async function within<T>(
  promise: Promise<T>,
  ms: number,
  failure: () => Error,
): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(failure()), ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until the promise settles, but `ms` milliseconds at most. A rejection is passed on. */
export async function atMost(ms: number, promise: Promise<unknown>): Promise<void> {
  const settled = new AbortController();
  try {
    await Promise.race([promise, pause(ms, settled.signal)]);
  } finally {
    settled.abort();
  }
}

/**
 * The promise's outcome, or the signal's reason thrown as soon as it aborts. The work itself is not
 * cancelled, and its later rejection is nobody's.
 */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  promise.catch(() => {});
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
