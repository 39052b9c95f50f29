// A stream of what callbacks deliver.

/** An unbounded queue with an end: written from callbacks, read by one reader, once. */
export class Queue<T> implements AsyncIterable<T> {
  readonly #items: T[] = [];
  #end: { readonly error?: unknown } | undefined;
  #wake = Promise.withResolvers<void>();

  push(item: T): void {
    if (this.#end) return;
    this.#items.push(item);
    this.#wake.resolve();
  }

  /** Ends the stream behind the queued items, by throwing `error` at the reader if one is given. */
  end(error?: unknown): void {
    this.#end ??= error === undefined ? {} : { error };
    this.#wake.resolve();
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
}
