// Registers tests that play audio in real time.

/** Longer than the longest test takes on a busy machine, so that one that hangs fails alone. */
export const REAL_TIME_LIMIT_MS = 300_000;

/**
 * Registers a test of a whole service. A test that hangs fails. Leaks are not checked, because a
 * service or a PBX outlives the test that first used it.
 */
export function realTimeTest(name: string, fn: (t: Deno.TestContext) => Promise<void>): void {
  Deno.test({
    name,
    fn,
    timeout: REAL_TIME_LIMIT_MS,
    sanitizeOps: false,
    sanitizeResources: false,
  });
}
