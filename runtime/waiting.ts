// Waiting with a limit: a time, a deadline, or a signal.

/**
 * Waits `ms` milliseconds; a negative time is 0. Resolves early, without an error, when `signal`
 * aborts.
 *
 * Not `node:timers/promises`: loading it costs an isolate's start about 10 ms (Deno 2.9.6).
 */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const onAbort = () => resolve();
  const timer = setTimeout(resolve, Math.max(0, ms));
  signal?.addEventListener("abort", onAbort, { once: true });
  await promise;
  clearTimeout(timer);
  signal?.removeEventListener("abort", onAbort);
}

/**
 * Returns the promise's outcome, or throws `failure()` after `ms` milliseconds. The work itself is not
 * cancelled: abort its own signal for that.
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

/** Waits until the promise settles, for at most `ms` milliseconds; rejects as the promise does. */
export async function atMost(ms: number, promise: Promise<unknown>): Promise<void> {
  const settled = new AbortController();
  try {
    await Promise.race([promise, pause(ms, settled.signal)]);
  } finally {
    settled.abort();
  }
}

/**
 * Returns the promise's outcome, or throws the signal's reason as soon as it aborts. The work itself
 * is not cancelled, and its later rejection is ignored.
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
