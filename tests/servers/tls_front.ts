// TLS in front of a plain server. Needed because Deno's node:http2 secure server does not encrypt
// what grpc-js gives it (tried with Deno 2.9.6 and grpc-js 1.14.7); Deno's own TLS listener does.

/** A TLS listener that hands its connections to a plain port of this machine. */
export class TlsFront implements AsyncDisposable {
  readonly #listener: Deno.TlsListener;
  readonly #running: Promise<void>;
  readonly #connections = new Set<Deno.Conn>();

  constructor(plainPort: number, certificate: { readonly cert: string; readonly key: string }) {
    this.#listener = Deno.listenTls({
      hostname: "127.0.0.1",
      port: 0,
      ...certificate,
      alpnProtocols: ["h2"],
    });
    this.#running = this.#serve(plainPort);
  }

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) close(connection);
    await this.#running;
  }

  async #serve(plainPort: number): Promise<void> {
    const open: Promise<void>[] = [];
    try {
      for await (const outside of this.#listener) {
        open.push(this.#join(outside, plainPort));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
    await Promise.all(open);
  }

  async #join(outside: Deno.Conn, plainPort: number): Promise<void> {
    const inside = await Deno.connect({ hostname: "127.0.0.1", port: plainPort });
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
