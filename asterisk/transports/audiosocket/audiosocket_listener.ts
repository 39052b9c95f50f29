// The listening side of AudioSocket: accepts the one connection that names the call's UUID.

import { logger } from "../../../config/logging.ts";
import { SYSTEM_TIME, type TimeSource } from "../../../media/playout/frame_clock.ts";
import { abortable } from "../../../runtime/waiting.ts";
import { TransportError } from "../error.ts";
import { type AudioSocketMessage, AudioSocketReader } from "./audiosocket_message.ts";

const log = logger("audiosocket");

/** A connection that has not sent its UUID by then is not the PBX's. */
const UUID_DEADLINE_MS = 2000;
/**
 * Connections that may owe their UUID at the same time. The PBX sends it at once, so when there are
 * more the oldest goes: strangers who connect and wait cannot keep the PBX out.
 */
const MOST_PENDING = 8;
/** A port that cannot accept, such as for want of descriptors, is tried again; some 5 s in all. */
const ACCEPT_TRIES = 50;
const ACCEPT_PAUSE_MS = 100;
/** Room for many frames per read. */
export const READ_BYTES = 16_384;

/** The PBX's connection, known by its UUID. */
export interface AudioSocketConnection {
  readonly conn: Deno.TcpConn;
  readonly reader: AudioSocketReader;
  /** Messages read together with the UUID. */
  readonly early: readonly AudioSocketMessage[];
}

/** Accepts the connection that names the UUID and closes the port; refuses all others. */
export class AudioSocketListener implements AsyncDisposable {
  readonly uuid: string = crypto.randomUUID();
  readonly #socket: Deno.TcpListener;
  readonly #time: TimeSource;
  readonly #accepted = Promise.withResolvers<AudioSocketConnection>();
  readonly #accepting: Promise<void>;
  /** Connections that have not sent their UUID yet. */
  readonly #pending = new Set<Deno.TcpConn>();
  readonly #identifying = new Set<Promise<void>>();
  #closed = false;
  #refused = 0;
  /** Ends a pause between two tries to accept. */
  #wake = () => {};

  private constructor(socket: Deno.TcpListener, time: TimeSource) {
    this.#socket = socket;
    this.#time = time;
    // Closing an unused port is no failure.
    this.#accepted.promise.catch(() => {});
    this.#accepting = this.#accept();
  }

  /**
   * Listens on a free port of `host`.
   *
   * @param listen opens the port.
   * @throws when `host` is not an address of this machine.
   */
  static listen(
    host: string,
    time: TimeSource = SYSTEM_TIME,
    listen: (options: Deno.TcpListenOptions) => Deno.TcpListener = Deno.listen,
  ): AudioSocketListener {
    return new AudioSocketListener(listen({ hostname: host, port: 0 }), time);
  }

  get port(): number {
    return this.#socket.addr.port;
  }

  /** Connections refused so far. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * The PBX's connection.
   *
   * @throws {TransportError} when `signal` aborts first, or the port fails.
   */
  async connection(signal: AbortSignal): Promise<AudioSocketConnection> {
    try {
      return await abortable(this.#accepted.promise, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new TransportError(
        `the PBX did not connect to AudioSocket port ${this.port} in time; ` +
          "check that it reaches MEDIA_HOST and that chan_audiosocket is loaded",
        { cause: signal.reason },
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#closed) this.#close();
    this.#accepted.reject(new TransportError("the AudioSocket port was closed"));
    await this.#accepting;
    const accepted = await this.#accepted.promise.catch(() => undefined);
    if (accepted) closeConnection(accepted.conn);
  }

  async #accept(): Promise<void> {
    let failures = 0;
    while (!this.#closed) {
      try {
        const conn = await this.#socket.accept();
        failures = 0;
        const identified = this.#identify(conn);
        this.#identifying.add(identified);
        void identified.then(() => this.#identifying.delete(identified));
      } catch (error) {
        if (this.#closed) break;
        if (++failures === 1) log.warn("cannot accept connections, trying again", { error });
        if (failures === ACCEPT_TRIES || error instanceof Deno.errors.BadResource) {
          const problem = "the AudioSocket port failed";
          this.#accepted.reject(new TransportError(problem, { cause: error }));
          break;
        }
        await this.#pause(ACCEPT_PAUSE_MS);
      }
    }
    await Promise.all(this.#identifying);
  }

  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const cancel = this.#time.after(ms, resolve);
    await promise;
    cancel();
  }

  async #identify(conn: Deno.TcpConn): Promise<void> {
    this.#pending.add(conn);
    if (this.#pending.size > MOST_PENDING) this.#dropOldest();
    const cancelDeadline = this.#time.after(UUID_DEADLINE_MS, () => closeConnection(conn));
    const reader = new AudioSocketReader();
    const [first, ...early] = await firstMessages(conn, reader);
    cancelDeadline();
    this.#pending.delete(conn);
    if (first?.kind === "uuid" && first.uuid === this.uuid && !this.#closed) {
      this.#accepted.resolve({ conn, reader, early });
      return this.#close();
    }
    closeConnection(conn);
    // Of a flood the metric tells the rest.
    if (this.#closed || this.#refused++ > 0) return;
    log.warn("connection refused: {reason}", {
      port: this.port,
      reason: first?.kind === "uuid" ? "unknown UUID" : "no UUID",
    });
  }

  #dropOldest(): void {
    const [oldest] = this.#pending;
    this.#pending.delete(oldest!);
    closeConnection(oldest!);
  }

  #close(): void {
    this.#closed = true;
    this.#wake();
    this.#socket.close();
    for (const conn of this.#pending) closeConnection(conn);
  }
}

/** Reads until a message is complete; returns none when the connection ends before. */
async function firstMessages(
  conn: Deno.TcpConn,
  reader: AudioSocketReader,
): Promise<AudioSocketMessage[]> {
  const buffer = new Uint8Array(READ_BYTES);
  try {
    for (;;) {
      const count = await conn.read(buffer);
      if (count === null) return [];
      const messages = [...reader.push(buffer.subarray(0, count))];
      if (messages.length > 0) return messages;
    }
  } catch (error) {
    log.debug("connection broke before its UUID", { error });
    return [];
  }
}

/** Closes a connection that may be closed already. */
export function closeConnection(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch (error) {
    // Closed before, by a deadline or from the other end.
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
