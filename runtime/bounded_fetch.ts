// `fetch` for services of others: what they answer is bounded, and what we send (callers' words, keys)
// goes to the host in the settings and to no other.

/** An answer is larger than its reader wants. */
export class AnswerTooLargeError extends Error {
  override readonly name = "AnswerTooLargeError";

  constructor(largestBytes: number) {
    super(`the answer has more than ${largestBytes} bytes`);
  }
}

/**
 * A `fetch` that follows no redirect (it rejects, as for a host that cannot be reached) and whose
 * answers break off with `AnswerTooLargeError` after `largestBytes`.
 */
export function boundedFetch(largestBytes: number): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, { ...init, redirect: "error" });
    if (!response.body) return response;
    let bytes = 0;
    const counted = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, out) {
        bytes += chunk.length;
        if (bytes > largestBytes) throw new AnswerTooLargeError(largestBytes);
        out.enqueue(chunk);
      },
    });
    const { status, statusText, headers } = response;
    // Deno 2.9.6 knows an answer only weakly: once this one is collected, while its body is still read,
    // an abort would pass it by. The pipe holds on to the signal itself.
    const signal = init?.signal ?? undefined;
    const bounded = response.body.pipeThrough(counted, { signal });
    return new Response(bounded, { status, statusText, headers });
  };
}

/** Whether an error, or a cause of it, is an answer that was too large. */
export function isTooLarge(error: unknown): boolean {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    if (inner instanceof AnswerTooLargeError) return true;
  }
  return false;
}
