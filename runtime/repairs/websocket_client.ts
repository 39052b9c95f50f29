// A WebSocket client (RFC 6455) for a call's audio, over a connection of Deno's own. Each call
// isolate starts one and moves a hundred small messages a second through it.
//
// It stands in for two clients that Deno 2.9.6 makes unfit (docs/decisions/websocket-client.md):
// - `WebSocket` leaves Nagle's algorithm on and offers no way to turn it off, so a small write waits
//   for a delayed ACK: a flush was acknowledged in 54 ms instead of 11.
// - `ws` loads Node's HTTP, TLS, DNS and zlib for one handshake, a fifth of an isolate's start, and
//   reads from a node:net socket, which leaves 64 KB behind in each thread (tcp_stream.ts).
//
// Delete when `WebSocket` sets TCP_NODELAY or takes it as an option.

import { concatBytes, writeAll } from "../bytes.ts";
import { messageOf } from "../error_text.ts";
import {
  CLOSE,
  encodeFrame,
  type Message,
  MessageReader,
  OPCODE,
  WebSocketProtocolError,
} from "./websocket_frame.ts";
import { handshakeOf } from "./websocket_handshake.ts";

/** Longest wait for the peer's half of the closing handshake. */
const CLOSE_DEADLINE_MS = 1000;
const READ_BYTES = 16 * 1024;
/** Queued frames are written in batches no larger than this, so that `unsentBytes` reveals a stalled peer. */
const WRITE_BYTES = 64 * 1024;
/** Pongs that wait to be written; Asterisk pings once in a while, never twice before an answer. */
const MOST_PONGS = 16;

/** Takes what arrives on a connection. */
export interface WebSocketHandlers {
  onText(text: string): void;
  /** The handler owns `bytes`. */
  onBinary(bytes: Uint8Array<ArrayBuffer>): void;
  /**
   * The connection has ended or was never made; called once. `code` is a close code of RFC 6455
   * §7.4.1, the peer's where it sent one; `reason` says in words what else is known.
   */
  onClose(code: number, reason: string): void;
}

/** A queued frame. */
interface Outgoing {
  readonly frame: Uint8Array;
  readonly payloadBytes: number;
  readonly pong: boolean;
}

/** One connection, from the handshake on. Messages sent before it is open or after its end are dropped. */
export class WebSocketClient {
  readonly #handlers: WebSocketHandlers;
  readonly #reader = new MessageReader();
  readonly #ended = Promise.withResolvers<void>();
  #phase: "connecting" | "open" | "closing" | "ended" = "connecting";
  /** What the peer said when it closed: it may hang up before our answer, as Asterisk does. */
  #farewell: { readonly code: number; readonly reason: string } | undefined;
  #connection: Deno.TcpConn | Deno.TlsConn | undefined;
  #outbox: Outgoing[] = [];
  #unsentBytes = 0;
  #writing: Promise<void> | undefined;

  /**
   * Connects.
   *
   * @param url with the scheme ws or wss.
   * @param protocol the subprotocol that the peer must speak.
   */
  constructor(url: string, protocol: string, handlers: WebSocketHandlers) {
    this.#handlers = handlers;
    void this.#run(new URL(url), protocol);
  }

  /** Payload bytes that the network has not taken yet. */
  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  /** Sends a text message. */
  sendText(text: string): void {
    if (this.#phase === "open") this.#send(OPCODE.text, new TextEncoder().encode(text));
  }

  /** Sends a binary message; `bytes` is copied. */
  sendBinary(bytes: Uint8Array): void {
    if (this.#phase === "open") this.#send(OPCODE.binary, bytes);
  }

  /** Closes the connection in any state; resolves when it has ended. */
  async close(): Promise<void> {
    if (this.#phase === "connecting") this.#end(CLOSE.abnormal, "closed before it was open");
    else if (this.#phase === "open") this.#sendClose(CLOSE.normal);
    const deadline = setTimeout(
      () => this.#end(CLOSE.abnormal, "the peer did not close in time"),
      CLOSE_DEADLINE_MS,
    );
    await this.#ended.promise;
    clearTimeout(deadline);
  }

  async #run(url: URL, protocol: string): Promise<void> {
    const opened = await this.#open(url, protocol);
    if (!opened) return;
    this.#take(opened.rest);
    const chunk = new Uint8Array(READ_BYTES);
    while (this.#phase !== "ended") {
      const length = await this.#read(opened.connection, chunk);
      if (length === undefined) return;
      this.#take(chunk.subarray(0, length));
    }
  }

  /** The open connection and the bytes behind the handshake; undefined when it has ended. */
  async #open(url: URL, protocol: string) {
    try {
      const connection = await connect(url);
      this.#connection = connection;
      // `close` was called during the connect.
      if (this.#phase !== "connecting") return this.#disconnect();
      const { request, accept } = await handshakeOf(url, protocol);
      await writeAll(connection, request);
      const rest = await accept((chunk) => connection.read(chunk));
      if (this.#phase !== "connecting") return undefined;
      this.#phase = "open";
      return { connection, rest };
    } catch (error) {
      return this.#end(CLOSE.abnormal, messageOf(error));
    }
  }

  /** The number of bytes read into `chunk`; undefined when the connection has ended. */
  async #read(connection: Deno.Conn, chunk: Uint8Array): Promise<number | undefined> {
    try {
      const length = await connection.read(chunk);
      if (length !== null) return length;
      return this.#end(CLOSE.abnormal, "the peer has hung up");
    } catch (error) {
      return this.#end(CLOSE.abnormal, messageOf(error));
    }
  }

  /** Errors thrown by a handler are not the connection's, so they are not caught here. */
  #take(bytes: Uint8Array): void {
    for (const message of this.#messagesIn(bytes)) {
      if (this.#phase === "ended") return;
      this.#onMessage(message);
    }
  }

  #messagesIn(bytes: Uint8Array): readonly Message[] {
    try {
      return this.#reader.read(bytes);
    } catch (error) {
      if (!(error instanceof WebSocketProtocolError)) throw error;
      this.#onProtocolError(error);
      return [];
    }
  }

  #onMessage({ opcode, payload }: Message): void {
    switch (opcode) {
      case OPCODE.text:
        return this.#handlers.onText(new TextDecoder().decode(payload));
      case OPCODE.binary:
        return this.#handlers.onBinary(payload);
      case OPCODE.ping:
        return this.#onPing(payload);
      case OPCODE.close:
        return this.#onClose(payload);
    }
  }

  /** A peer that pings faster than it reads gets fewer pongs (RFC 6455 §5.5.3 allows that). */
  #onPing(payload: Uint8Array): void {
    const waiting = this.#outbox.filter(({ pong }) => pong).length;
    if (waiting < MOST_PONGS) this.#send(OPCODE.pong, payload);
  }

  /** The peer's half of the closing handshake, or its answer to ours. */
  #onClose(payload: Uint8Array<ArrayBuffer>): void {
    const code = payload.length >= 2 ? new DataView(payload.buffer).getUint16(0) : CLOSE.none;
    const reason = new TextDecoder().decode(payload.subarray(2));
    if (this.#phase === "open") this.#sendClose(code === CLOSE.none ? CLOSE.normal : code);
    this.#endWhenWritten(code, reason);
  }

  #onProtocolError(error: WebSocketProtocolError): void {
    if (this.#phase === "open") this.#sendClose(error.code);
    this.#endWhenWritten(CLOSE.abnormal, error.message);
  }

  #sendClose(code: number): void {
    this.#send(OPCODE.close, Uint8Array.of(code >> 8, code & 0xFF));
    this.#phase = "closing";
  }

  #endWhenWritten(code: number, reason: string): void {
    this.#farewell ??= { code, reason };
    void Promise.resolve(this.#writing).then(() => this.#end(code, reason));
  }

  #send(opcode: number, payload: Uint8Array): void {
    if (this.#phase === "ended") return;
    this.#outbox.push({
      frame: encodeFrame(opcode, payload),
      payloadBytes: payload.length,
      pong: opcode === OPCODE.pong,
    });
    this.#unsentBytes += payload.length;
    // Messages of one turn of the event loop leave in one write.
    this.#writing ??= Promise.resolve().then(() => this.#write());
  }

  async #write(): Promise<void> {
    try {
      while (this.#connection && this.#outbox.length > 0) {
        const batch = this.#nextBatch();
        await writeAll(this.#connection, concatBytes(batch.map(({ frame }) => frame)));
        for (const { payloadBytes } of batch) this.#unsentBytes -= payloadBytes;
      }
    } catch {
      // The reader reports how the connection ended: the peer's close frame may still be unread.
      this.#outbox = [];
    } finally {
      this.#writing = undefined;
    }
  }

  #nextBatch(): Outgoing[] {
    let bytes = 0;
    const full = this.#outbox.findIndex(({ frame }) => (bytes += frame.length) >= WRITE_BYTES);
    return this.#outbox.splice(0, full < 0 ? this.#outbox.length : full + 1);
  }

  /** Reports the first reason there was. */
  #end(code: number, reason: string): undefined {
    if (this.#phase === "ended") return;
    this.#phase = "ended";
    this.#outbox = [];
    this.#disconnect();
    this.#ended.resolve();
    const { code: closeCode, reason: closeReason } = this.#farewell ?? { code, reason };
    this.#handlers.onClose(closeCode, closeReason);
  }

  #disconnect(): undefined {
    this.#connection?.close();
    this.#connection = undefined;
  }
}

async function connect({ protocol, hostname, port }: URL): Promise<Deno.TcpConn | Deno.TlsConn> {
  const secure = protocol === "wss:";
  const host = hostname.replace(/^\[|\]$/g, "");
  const tcp = await Deno.connect({ hostname: host, port: Number(port) || (secure ? 443 : 80) });
  tcp.setNoDelay(true);
  return secure ? await Deno.startTls(tcp, { hostname: host }) : tcp;
}
