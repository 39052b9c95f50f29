// How the operator stops the service: the first signal lets calls finish, a second one does not.

/**
 * Signals this soon after the first belong to it. A terminal and systemd signal every process of the
 * group, and `deno task`, itself in the group, forwards its signal: the service gets each twice,
 * within a millisecond (Deno 2.9.6).
 */
const ECHO_MS = 100;

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** Listens for SIGTERM and SIGINT until disposed. */
export class StopSignals implements Disposable {
  readonly #asked = Promise.withResolvers<Deno.Signal>();
  readonly #insisted = Promise.withResolvers<void>();
  readonly #handlers = SIGNALS.map((signal) => ({ signal, handler: () => this.note(signal) }));
  #askedAt?: number;

  constructor() {
    for (const { signal, handler } of this.#handlers) Deno.addSignalListener(signal, handler);
  }

  /** Resolves with the signal that asks the service to stop. */
  get asked(): Promise<Deno.Signal> {
    return this.#asked.promise;
  }

  /** Resolves when a second signal asks it to stop without waiting for calls. */
  get insisted(): Promise<void> {
    return this.#insisted.promise;
  }

  /** Takes a signal into account. `now` is in milliseconds, on the clock of `performance.now()`. */
  note(signal: Deno.Signal, now: number = performance.now()): void {
    this.#asked.resolve(signal);
    this.#askedAt ??= now;
    if (now - this.#askedAt > ECHO_MS) this.#insisted.resolve();
  }

  [Symbol.dispose](): void {
    for (const { signal, handler } of this.#handlers) Deno.removeSignalListener(signal, handler);
  }
}
