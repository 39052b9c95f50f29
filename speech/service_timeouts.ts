// How long a speech service may be silent before it is given up.

import { within } from "../runtime/waiting.ts";
import { ServiceFailure, type ServiceName } from "./failure.ts";

/** The longest silences of a service, in milliseconds. */
export interface ServiceTimeouts {
  /** From the request to the first of the answer. */
  readonly firstMs: number;
  /** From one piece of an answer to the next. */
  readonly stallMs: number;
}

/** The failure of a service that has been silent for `ms`: `begun` says whether in mid-answer. */
export function silenceFailure(
  service: ServiceName,
  tried: string,
  ms: number,
  begun: boolean,
): ServiceFailure {
  return new ServiceFailure(service, tried, {
    code: begun ? "STALLED" : "SILENT",
    cure: `nothing came for ${ms} ms: the service or the network is slow or down`,
  });
}

/**
 * Passes a stream on, and throws when its next item takes too long. Time that the reader takes does
 * not count. A source that hangs is not stopped: abort the signal that it was given.
 *
 * @throws {ServiceFailure} `SILENT` or `STALLED`.
 */
export async function* withTimeouts<T>(
  source: AsyncIterable<T>,
  { firstMs, stallMs }: ServiceTimeouts,
  service: ServiceName,
): AsyncGenerator<T, void, undefined> {
  const items = source[Symbol.asyncIterator]();
  let begun = false;
  let finished = false;
  try {
    for (;;) {
      const ms = begun ? stallMs : firstMs;
      const next = await within(
        items.next(),
        ms,
        () => silenceFailure(service, service, ms, begun),
      );
      if (next.done) {
        finished = true;
        return;
      }
      begun = true;
      yield next.value;
    }
  } finally {
    // Not awaited: a source that hangs must not hang its reader.
    if (!finished) void items.return?.().catch((error: unknown) => error);
  }
}

/** Calls `onSilence` when nothing comes within `ms` although something is due. */
export class Watchdog implements Disposable {
  readonly #ms: number;
  readonly #onSilence: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ms: number, onSilence: () => void) {
    this.#ms = ms;
    this.#onSilence = onSilence;
  }

  /** Something is due from now on. No change if something was due already. */
  expect(): void {
    this.#timer ??= setTimeout(this.#onSilence, this.#ms);
  }

  /** Something came; `more`: and more is due. */
  heard(more: boolean): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (more) this.expect();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
