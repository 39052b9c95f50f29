// Bounding how much is done at the same time.

/**
 * A counting semaphore with two priorities: the urgent go before the others, and one place is kept
 * for them, so that an urgent request never waits for a long queue of others.
 */
export class Semaphore {
  #free: number;
  /** Places that only the urgent may take. */
  readonly #reserved: number;
  readonly #urgent: (() => void)[] = [];
  readonly #others: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
    this.#reserved = Math.min(1, places - 1);
  }

  /** Waits for a place; disposing the result gives it back. */
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
