// How many requests a PBX gets from us at the same time, and which of them go first. Asterisk's
// HTTP server refuses connections over http.conf's `sessionlimit` (100 by default), of which every
// call's media socket needs one, too: a flood of commands must not take the calls' places.

import { pause } from "../../../runtime/waiting.ts";
import { AriError } from "../error.ts";

/**
 * What goes first: what a living call waits for, hang-ups and media among them; then sending
 * callers away; then looking around.
 */
export type Urgency = "call" | "send_away" | "look";

/** Bounds of a queue; each has a default. */
export interface QueueBounds {
  /** Requests under way at the same time. */
  readonly places: number;
  /** Of these, those that only a living call may take: a slow PBX may hold all the others. */
  readonly reserved: number;
  /** Requests that wait for a place; further ones fail at once. */
  readonly waiting: number;
  /** Longest wait for a place, in ms. */
  readonly waitMs: number;
}

// 32 of Asterisk's 100 sessions leave room for the media of some 60 calls. A thousand waiting are
// ten times MAX_CALLS by default, and over in a second where a command takes 20 ms.
const BOUNDS: QueueBounds = { places: 32, reserved: 8, waiting: 1000, waitMs: 10_000 };

interface Waiting {
  readonly admit: () => void;
}

/** Places for requests to one PBX. */
export class RequestQueue {
  readonly #bounds: QueueBounds;
  readonly #queues: Readonly<Record<Urgency, Set<Waiting>>> = {
    call: new Set(),
    send_away: new Set(),
    look: new Set(),
  };
  #busy = 0;

  constructor(bounds: Partial<QueueBounds> = {}) {
    this.#bounds = { ...BOUNDS, ...bounds };
  }

  /** Requests under way. */
  get busy(): number {
    return this.#busy;
  }

  /** Requests that wait for a place. */
  get waiting(): number {
    return Object.values(this.#queues).reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * Waits for a place; disposing of the result returns it.
   *
   * @param operation what is tried, for the error.
   * @throws {AriError} `crowded` when too many wait already, or none is free in time.
   * @throws the signal's reason when it aborts first.
   */
  async acquire(operation: string, urgency: Urgency, signal?: AbortSignal): Promise<Disposable> {
    signal?.throwIfAborted();
    if (this.#mayGo(urgency)) return this.#place();
    const { waiting, waitMs } = this.#bounds;
    if (this.waiting >= waiting) {
      throw new AriError("crowded", operation, 0, `${waiting} commands wait for the PBX already`);
    }
    const { promise: admitted, resolve } = Promise.withResolvers<true>();
    const entry: Waiting = { admit: () => resolve(true) };
    this.#queues[urgency].add(entry);
    const over = new AbortController();
    const either = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
    try {
      if (await Promise.race([admitted, pause(waitMs, either)])) return this.#returnable();
    } finally {
      over.abort();
    }
    // Admitted in the very moment of giving up: the place goes to the next.
    if (!this.#queues[urgency].delete(entry)) this.#return();
    signal?.throwIfAborted();
    throw new AriError("crowded", operation, 0, `no turn within ${waitMs} ms`);
  }

  #mayGo(urgency: Urgency): boolean {
    const { places, reserved } = this.#bounds;
    return this.#busy < (urgency === "call" ? places : places - reserved);
  }

  #place(): Disposable {
    this.#busy++;
    return this.#returnable();
  }

  #returnable(): Disposable {
    return { [Symbol.dispose]: () => this.#return() };
  }

  #return(): void {
    this.#busy--;
    for (const urgency of ["call", "send_away", "look"] as const) {
      for (const entry of this.#queues[urgency]) {
        if (!this.#mayGo(urgency)) break;
        this.#queues[urgency].delete(entry);
        this.#busy++;
        entry.admit();
      }
    }
  }
}
