// Who may come in over AudioSocket: the one connection that names the call's UUID.

import { logger } from "../../../config/logging.ts";
import { SYSTEM_TIME, type TimeSource } from "../../../media/playout/frame_clock.ts";
import { type AudioSocketMessage, AudioSocketReader } from "./audiosocket_message.ts";
import { TransportError } from "../error.ts";

const log = logger("audiosocket");

/** A connection that does not give its UUID in this time is not the PBX's. */
const UUID_DEADLINE_MS = 2000;
/** Room for many frames a read. */
export const READ_BYTES = 16_384;

/** A connection whose UUID was right, and what came with the UUID. */
export interface AudioSocketConnection {
  readonly conn: Deno.TcpConn;
  readonly reader: AudioSocketReader;
  readonly early: readonly AudioSocketMessage[];
}

/** Lets in the one connection that names the UUID, turns away all others, then is closed. */
export class AudioSocketListener implements AsyncDisposable {
  readonly port: number;
  readonly #socket: Deno.TcpListener;
  readonly #guest = Promise.withResolvers<AudioSocketConnection>();
  readonly #accepting: Promise<void>;
  readonly #knocking = new Set<Deno.TcpConn>();
  #closed = false;
  /** Connections refused so far. */
  turnedAway = 0;

  constructor(
    socket: Deno.TcpListener,
    readonly uuid: string,
    readonly time: TimeSource = SYSTEM_TIME,
  ) {
    this.#socket = socket;
    this.port = socket.addr.port;
    this.#accepting = this.#accept();
    // Whether anyone waits for the guest or not, a door that is closed is no failure of its own.
    this.#guest.promise.catch(() => {});
  }

  /**
   * The right connection.
   *
   * @throws {TransportError} when `signal` aborts first, or the port fails.
   */
  async guest(signal: AbortSignal): Promise<AudioSocketConnection> {
    const aborted = Promise.withResolvers<never>();
    const onAbort = () =>
      aborted.reject(
        new TransportError(
          `the PBX did not connect to AudioSocket port ${this.port} in time; ` +
            "check that it reaches MEDIA_HOST and that chan_audiosocket is loaded",
          { cause: signal.reason },
        ),
      );
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    try {
      return await Promise.race([this.#guest.promise, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#closed) this.#close();
    this.#guest.reject(new TransportError("the AudioSocket port was closed"));
    await this.#accepting;
    const guest = await this.#guest.promise.catch(() => undefined);
    if (guest) closeConnection(guest.conn);
  }

  async #accept(): Promise<void> {
    const visits: Promise<void>[] = [];
    try {
      for await (const conn of this.#socket) visits.push(this.#meet(conn));
    } catch (error) {
      if (!this.#closed) {
        this.#guest.reject(new TransportError("the AudioSocket port failed", { cause: error }));
      }
    }
    await Promise.all(visits);
  }

  async #meet(conn: Deno.TcpConn): Promise<void> {
    this.#knocking.add(conn);
    const cancelDeadline = this.time.after(UUID_DEADLINE_MS, () => closeConnection(conn));
    const reader = new AudioSocketReader();
    const messages = await firstMessages(conn, reader);
    cancelDeadline();
    this.#knocking.delete(conn);
    const [first, ...early] = messages;
    if (first?.kind !== "uuid" || first.uuid !== this.uuid || this.#closed) {
      this.turnedAway++;
      log.warn("connection turned away: {reason}", {
        port: this.port,
        reason: first?.kind === "uuid" ? "unknown UUID" : "no UUID",
      });
      return closeConnection(conn);
    }
    this.#guest.resolve({ conn, reader, early });
    this.#close();
  }

  #close(): void {
    this.#closed = true;
    this.#socket.close();
    for (const conn of this.#knocking) closeConnection(conn);
  }
}

/** Reads until there is a message; none when the connection ends before that. */
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
    // Closed before, by a deadline or from the other end: what was wanted.
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
