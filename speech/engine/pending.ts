// Requests to another isolate that end when that isolate does.

/** The requests to one isolate that wait for an answer. */
export class Pending {
  readonly #rejects = new Set<(reason: unknown) => void>();
  #ended: { readonly reason: unknown } | undefined;

  /** Awaits an answer or the isolate's end. (A `Promise.race` with the end would retain every answer.) */
  async answer<T>(sent: Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    sent.then(resolve, reject);
    if (this.#ended) reject(this.#ended.reason);
    this.#rejects.add(reject);
    try {
      return await promise;
    } finally {
      this.#rejects.delete(reject);
    }
  }

  /** The isolate has ended: rejects all requests, now and later, with `reason`. */
  end(reason: unknown): void {
    if (this.#ended) return;
    this.#ended = { reason };
    for (const reject of this.#rejects) reject(reason);
  }
}
