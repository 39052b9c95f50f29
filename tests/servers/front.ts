// A door in front of a server: it can be shut in everyone's face and opened again, and it can
// speak TLS. Shutting the door is how a server's death looks from outside; ending grpc-js's own
// server with streams open aborts the whole process (nghttp2's find_stream_on_goaway_func, Deno
// 2.9.6), and its TLS server sends plain text there, while Deno's own listener does not.

/** A listener that joins each connection to a plain port of this machine. */
export class Front implements AsyncDisposable {
  readonly #listener: Deno.Listener;
  readonly #running: Promise<void>;
  readonly #connections = new Set<Deno.Conn>();

  /** `port` 0 takes a free one. `certificate` (PEM texts) makes it TLS. */
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

  /** Shuts the door and drops everyone. */
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
    this.#connections.add(outside).add(inside);
    // One side closing closes the other.
    await Promise.allSettled([
      outside.readable.pipeTo(inside.writable),
      inside.readable.pipeTo(outside.writable),
    ]);
    this.#connections.delete(outside);
    this.#connections.delete(inside);
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
