// A limit on how much is done at the same time.

/**
 * A counting semaphore with two priorities: urgent requests go first, and one place is reserved for
 * them, so that none waits behind a long queue of others. With a single place nothing is reserved.
 */
export class Semaphore {
  #free: number;
  /** Places for urgent requests only. */
  readonly #reserved: number;
  readonly #urgent: (() => void)[] = [];
  readonly #others: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
    this.#reserved = Math.min(1, places - 1);
  }

  /** Waits for a place; disposing of the result returns it. */
  async acquire(urgent: boolean): Promise<Disposable> {
    const { promise, resolve } = Promise.withResolvers<void>();
    (urgent ? this.#urgent : this.#others).push(resolve);
    this.#admit();
    await promise;
    return {
      [Symbol.dispose]: () => {
        this.#free++;
        this.#admit();
      },
    };
  }

  #admit(): void {
    for (;;) {
      const queue = this.#urgent.length > 0 ? this.#urgent : this.#others;
      if (this.#free <= (queue === this.#urgent ? 0 : this.#reserved)) return;
      const next = queue.shift();
      if (!next) return;
      this.#free--;
      next();
    }
  }
}
