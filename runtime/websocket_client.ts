// A WebSocket client for a call's audio, RFC 6455, on a connection of the runtime's own.
//
// Each call's isolate starts with one, and moves a hundred small messages a second through it.
// Neither of the ready ones will do: `ws` loads Node's HTTP, TLS, DNS and zlib for one handshake
// (measured: a fifth of the time an isolate takes to be there for its caller), and the runtime's
// WebSocket leaves Nagle's algorithm on: a small write then waits for a delayed ACK (a flush was
// acknowledged in 54 ms instead of 11).
//
// Nor would `ws` let the service's memory level off: on Deno 2.9.6 each thread that has read from a
// node:net socket leaves 64 KB or more when it ends, closed or not, for ext/node/ops/stream_wrap.rs
// keeps its read buffers in a thread-local pool of bare pointers. `Deno.connect` leaves nothing.

import { messageOf } from "./error_text.ts";
import { concatBytes, writeAll } from "./bytes.ts";
import {
  CLOSE,
  encodeFrame,
  type Message,
  MessageReader,
  OPCODE,
  WebSocketProtocolError,
} from "./websocket_frame.ts";
import { handshakeOf } from "./websocket_handshake.ts";

/** Longest wait for the far end's half of the closing handshake, in ms. */
const CLOSE_DEADLINE_MS = 1000;
const READ_BYTES = 16 * 1024;
/** What waits is written together, but no more at once: `unsentBytes` shall tell of a far end that stalls. */
const WRITE_BYTES = 64 * 1024;

/** What arrives. */
export interface WebSocketHandlers {
  onText(text: string): void;
  /** The bytes are the handler's own. */
  onBinary(bytes: Uint8Array<ArrayBuffer>): void;
  /**
   * The connection has ended, or was never made; called once. `code` is the far end's, see RFC 6455
   * §7.4.1; `reason` says in words what else is known.
   */
  onClose(code: number, reason: string): void;
}

/** A frame that waits to be written. */
interface Outgoing {
  readonly frame: Uint8Array;
  readonly payloadBytes: number;
}

/** One connection, from the handshake on. What is sent before it is there, or after its end, is lost. */
export class WebSocketClient {
  readonly #handlers: WebSocketHandlers;
  readonly #reader = new MessageReader();
  readonly #ended = Promise.withResolvers<void>();
  #phase: "connecting" | "open" | "closing" | "ended" = "connecting";
  /** Why the connection ends: the far end may hang up before it has our answer, as Asterisk does. */
  #farewell: { readonly code: number; readonly reason: string } | undefined;
  #connection: Deno.TcpConn | Deno.TlsConn | undefined;
  #outbox: Outgoing[] = [];
  #unsentBytes = 0;
  #writing: Promise<void> | undefined;

  /** @param url with the scheme ws or wss. @param protocol the subprotocol that the far end must speak. */
  constructor(url: string, protocol: string, handlers: WebSocketHandlers) {
    this.#handlers = handlers;
    void this.#run(new URL(url), protocol);
  }

  /** Bytes handed over that the network has not taken yet, without their framing. */
  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  /** Sends a text message. */
  sendText(text: string): void {
    if (this.#phase === "open") this.#send(OPCODE.text, new TextEncoder().encode(text));
  }

  /** Sends a binary message; `bytes` may be used again at once. */
  sendBinary(bytes: Uint8Array): void {
    if (this.#phase === "open") this.#send(OPCODE.binary, bytes);
  }

  /** Ends the connection, whatever state it is in, and resolves when it has ended. */
  async close(): Promise<void> {
    if (this.#phase === "connecting") this.#end(CLOSE.abnormal, "closed before it was open");
    else if (this.#phase === "open") this.#sayClose(CLOSE.normal);
    const deadline = setTimeout(
      () => this.#end(CLOSE.abnormal, "the far end did not close in time"),
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

  /** The open connection and what has come on it already; undefined when it has ended. */
  async #open(url: URL, protocol: string) {
    try {
      const connection = await connect(url);
      this.#connection = connection;
      // It was closed meanwhile.
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

  /** How much has come into `chunk`; undefined when the connection has ended. */
  async #read(connection: Deno.Conn, chunk: Uint8Array): Promise<number | undefined> {
    try {
      const length = await connection.read(chunk);
      if (length !== null) return length;
      return this.#end(CLOSE.abnormal, "the far end has hung up");
    } catch (error) {
      return this.#end(CLOSE.abnormal, messageOf(error));
    }
  }

  /** What a handler throws is not caught here: it is not the connection's fault. */
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
      this.#refuse(error);
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
        return this.#send(OPCODE.pong, payload);
      case OPCODE.close:
        return this.#onClose(payload);
    }
  }

  /** The far end's half of the closing handshake, or its answer to ours. */
  #onClose(payload: Uint8Array<ArrayBuffer>): void {
    const code = payload.length >= 2 ? new DataView(payload.buffer).getUint16(0) : CLOSE.none;
    const reason = new TextDecoder().decode(payload.subarray(2));
    if (this.#phase === "open") this.#sayClose(code === CLOSE.none ? CLOSE.normal : code);
    this.#endWhenWritten(code, reason);
  }

  #refuse(error: WebSocketProtocolError): void {
    if (this.#phase === "open") this.#sayClose(error.code);
    this.#endWhenWritten(CLOSE.abnormal, error.message);
  }

  #sayClose(code: number): void {
    this.#send(OPCODE.close, Uint8Array.of(code >> 8, code & 0xFF));
    this.#phase = "closing";
  }

  #endWhenWritten(code: number, reason: string): void {
    this.#farewell ??= { code, reason };
    void Promise.resolve(this.#writing).then(() => this.#end(code, reason));
  }

  #send(opcode: number, payload: Uint8Array): void {
    if (this.#phase === "ended") return;
    this.#outbox.push({ frame: encodeFrame(opcode, payload), payloadBytes: payload.length });
    this.#unsentBytes += payload.length;
    // What is said in one turn of the event loop goes out as one write.
    this.#writing ??= Promise.resolve().then(() => this.#write());
  }

  async #write(): Promise<void> {
    try {
      while (this.#connection && this.#outbox.length > 0) {
        const next = this.#takeOutbox();
        await writeAll(this.#connection, concatBytes(next.map(({ frame }) => frame)));
        for (const { payloadBytes } of next) this.#unsentBytes -= payloadBytes;
      }
    } catch {
      // The reading side tells how the connection ended: a last word of the far end may be there still.
      this.#outbox = [];
    } finally {
      this.#writing = undefined;
    }
  }

  #takeOutbox(): Outgoing[] {
    let bytes = 0;
    const full = this.#outbox.findIndex(({ frame }) => (bytes += frame.length) >= WRITE_BYTES);
    return this.#outbox.splice(0, full < 0 ? this.#outbox.length : full + 1);
  }

  /** The handlers are told the first reason there was. */
  #end(code: number, reason: string): undefined {
    if (this.#phase === "ended") return;
    this.#phase = "ended";
    this.#outbox = [];
    this.#disconnect();
    this.#ended.resolve();
    const told = this.#farewell ?? { code, reason };
    this.#handlers.onClose(told.code, told.reason);
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
