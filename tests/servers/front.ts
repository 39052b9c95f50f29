// A proxy in front of a gRPC server that can drop everyone, listen again and speak TLS. It also shields the
// tests from two faults of Deno 2.9.6's node:http2 server (never of its client): the TLS server sends plain
// text, and a GOAWAY sent or received while streams are ending aborts the process (nghttp2,
// find_stream_on_goaway_func).

/** A listener that forwards each connection to a plain-text port of this machine. */
export class Front implements AsyncDisposable {
  readonly #listener: Deno.Listener;
  readonly #running: Promise<void>;
  readonly #connections = new Set<Deno.Conn>();

  /** `port` 0 picks a free one. `certificate` (PEM texts) enables TLS. */
  constructor(
    insidePort: number,
    { port = 0, certificate }: {
      readonly port?: number;
      readonly certificate?: { readonly cert: string; readonly key: string };
    } = {},
  ) {
    const address = { hostname: "127.0.0.1", port };
    this.#listener = certificate
      ? Deno.listenTls({ ...address, ...certificate, alpnProtocols: ["h2"] })
      : Deno.listen(address);
    this.#running = this.#serve(insidePort);
  }

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  /** Stops listening and drops every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) close(connection);
    await this.#running;
  }

  async #serve(insidePort: number): Promise<void> {
    const open: Promise<void>[] = [];
    try {
      for await (const outside of this.#listener) open.push(this.#join(outside, insidePort));
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
    await Promise.all(open);
  }

  async #join(outside: Deno.Conn, insidePort: number): Promise<void> {
    const inside = await Deno.connect({ hostname: "127.0.0.1", port: insidePort });
    // No Nagle's algorithm: the tests measure delays.
    inside.setNoDelay(true);
    if ("setNoDelay" in outside) (outside as Deno.TcpConn).setNoDelay(true);
    this.#connections.add(outside).add(inside);
    // When one side closes, the other is closed as well.
    await Promise.allSettled([
      outside.readable.pipeThrough(withoutGoaway()).pipeTo(inside.writable),
      inside.readable.pipeTo(outside.writable),
    ]);
    this.#connections.delete(outside);
    this.#connections.delete(inside);
  }
}

/** Source: RFC 9113, §3.4 (preface), §4.1 (frames), §6.8 (GOAWAY). */
const PREFACE_BYTES = 24;
const HEADER_BYTES = 9;
const GOAWAY = 7;

/** A client's HTTP/2 stream without its GOAWAY: closing the connection says the same. */
function withoutGoaway(): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let waiting = new Uint8Array(0);
  let preface = PREFACE_BYTES;
  return new TransformStream({
    transform(chunk, controller) {
      const bytes = new Uint8Array(waiting.length + chunk.length);
      bytes.set(waiting);
      bytes.set(chunk, waiting.length);
      let at = Math.min(preface, bytes.length);
      if (at > 0) controller.enqueue(bytes.subarray(0, at));
      preface -= at;
      while (bytes.length - at >= HEADER_BYTES) {
        const length = bytes[at]! << 16 | bytes[at + 1]! << 8 | bytes[at + 2]!;
        const end = at + HEADER_BYTES + length;
        if (end > bytes.length) break;
        if (bytes[at + 3] !== GOAWAY) controller.enqueue(bytes.subarray(at, end));
        at = end;
      }
      waiting = bytes.slice(at);
    },
  });
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
