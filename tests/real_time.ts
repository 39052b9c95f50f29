// Registering tests that play audio in real time.

/** Longer than the longest takes on a busy machine: one that hangs shall not stop the others. */
export const REAL_TIME_LIMIT_MS = 300_000;

/**
 * Registers a test of a whole service, which fails when it hangs. Sockets and threads that it
 * leaves open are not counted, for a service or a PBX outlives the test that first used it.
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
