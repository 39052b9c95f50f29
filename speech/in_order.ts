// Streams started ahead of need and read in order.

/**
 * Reads several streams one after another, while the next ones already run: at most `parallel`
 * at once, the one being read among them. What they bring early is kept until its turn.
 * Abandoning the reading (break, an error of the stream being read, or `signal`) aborts the
 * signals the streams were given.
 */
export async function* inOrder<T>(
  streams: readonly ((signal: AbortSignal) => AsyncIterable<T>)[],
  parallel: number,
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const abort = new AbortController();
  const started: EagerStream<T>[] = [];
  let next = 0;
  try {
    while (next < streams.length || started.length > 0) {
      while (started.length < parallel && next < streams.length) {
        started.push(new EagerStream(streams[next++]!(AbortSignal.any([signal, abort.signal]))));
      }
      yield* started[0]!;
      started.shift();
    }
  } finally {
    abort.abort();
  }
}

/**
 * A stream read as fast as it comes, whether or not its reader is there yet. Read by one reader,
 * once. To end it early, abort the signal its source was given.
 */
export class EagerStream<T> implements AsyncIterable<T> {
  readonly #source: AsyncIterator<T>;
  readonly #items: T[] = [];
  #end: { readonly error?: unknown } | undefined;
  #wake = Promise.withResolvers<void>();

  constructor(source: AsyncIterable<T>) {
    this.#source = source[Symbol.asyncIterator]();
    void this.#run();
  }

  /** Everything has come in (or it failed). */
  get ended(): boolean {
    return this.#end !== undefined;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      while (this.#items.length > 0) yield this.#items.shift()!;
      if (this.#end) {
        if ("error" in this.#end) throw this.#end.error;
        return;
      }
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
    }
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#source.next();
        if (done) return this.#finish({});
        this.#items.push(value);
        this.#wake.resolve();
      }
    } catch (error) {
      this.#finish({ error });
    }
  }

  #finish(end: { readonly error?: unknown }): void {
    this.#end ??= end;
    this.#wake.resolve();
  }
}
