// A TCP connection of Deno's own as a Node stream, for gRPC.
//
// A repair of Deno 2.9.6: a thread that has read from a node:net socket leaves 64 KB or more behind
// when it ends, whether the socket was closed or not, because ext/node/ops/stream_wrap.rs keeps its
// read buffers in a thread-local pool of bare pointers. Measured per call isolate and gRPC channel:
// 77 KB over TLS, 125 KB without; over this stream, nothing (docs/decisions/grpc-connections.md).
//
// Delete when a Worker that has read from a node:net socket leaves no memory behind.

import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { writeAll } from "../bytes.ts";

/** Room for half a second of 16 kHz audio in one read. */
const READ_BYTES = 16 * 1024;

type Done = (error?: Error | null) => void;

/** A stream over a connection that it owns. Like a socket, it ends when the peer does. */
export class TcpStream extends Duplex {
  readonly #connection: Deno.TcpConn;
  readonly #room = new Uint8Array(READ_BYTES);

  constructor(connection: Deno.TcpConn) {
    super({ allowHalfOpen: false });
    this.#connection = connection;
  }

  /** @throws {Error} as `Deno.connect`. */
  static async connect(hostname: string, port: number): Promise<TcpStream> {
    return new TcpStream(await Deno.connect({ hostname, port }));
  }

  /** As `net.Socket.setNoDelay`: with `true`, writes do not wait for an ACK. */
  setNoDelay(noDelay = true): this {
    this.#connection.setNoDelay(noDelay);
    return this;
  }

  /** As `net.Socket.ref`. */
  ref(): this {
    this.#connection.ref();
    return this;
  }

  /** As `net.Socket.unref`: the connection no longer keeps the process alive. */
  unref(): this {
    this.#connection.unref();
    return this;
  }

  override _read(): void {
    this.#readOnce().then((bytes) => this.push(bytes), (error) => this.destroy(error));
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    report(writeAll(this.#connection, chunk), done);
  }

  /** Queued chunks leave in one write. */
  override _writev(chunks: { readonly chunk: Buffer }[], done: Done): void {
    report(writeAll(this.#connection, Buffer.concat(chunks.map(({ chunk }) => chunk))), done);
  }

  override _final(done: Done): void {
    report(this.#closeWrite(), done);
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#connection.close();
    done(error);
  }

  async #readOnce(): Promise<Buffer | null> {
    const length = await this.#connection.read(this.#room);
    return length === null ? null : Buffer.from(this.#room.subarray(0, length));
  }

  async #closeWrite(): Promise<void> {
    try {
      await this.#connection.closeWrite();
    } catch (error) {
      // The peer has reset the connection: there is no writing half left to close.
      if (!(error instanceof Deno.errors.NotConnected)) throw error;
    }
  }
}

function report(work: Promise<void>, done: Done): void {
  work.then(() => done(), done);
}
