// Streams started ahead of need and read in order.

import { Queue } from "../../../runtime/queue.ts";

/**
 * Reads several streams one after another while the next ones already run, at most `parallel` at a
 * time, the one being read included. Keeps what arrives early until its turn. Abandoning the read
 * (a break, an error of the stream being read, or `signal`) aborts the signals that the streams got.
 */
export async function* inOrder<T>(
  streams: readonly ((signal: AbortSignal) => AsyncIterable<T>)[],
  parallel: number,
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const abort = new AbortController();
  const started: AsyncIterable<T>[] = [];
  let next = 0;
  try {
    while (next < streams.length || started.length > 0) {
      while (started.length < parallel && next < streams.length) {
        started.push(eager(streams[next++]!(AbortSignal.any([signal, abort.signal]))));
      }
      yield* started[0]!;
      started.shift();
    }
  } finally {
    abort.abort();
  }
}

/** The same stream, read as fast as it comes, even before its reader is there. */
function eager<T>(source: AsyncIterable<T>): AsyncIterable<T> {
  const queue = new Queue<T>();
  void (async () => {
    try {
      for await (const item of source) queue.push(item);
      queue.end();
    } catch (error) {
      queue.end(error);
    }
  })();
  return queue;
}
