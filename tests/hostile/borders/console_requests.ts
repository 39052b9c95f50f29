// The console: raw requests over raw sockets, many on one connection, many connections at once, and some
// that never end.

import type { Border, Target } from "../border.ts";
import type { Mutator } from "../mutator.ts";

const PATHS = [
  "/live",
  "/ready",
  "/metrics",
  "/api/calls?limit=2&before=1790000000000-abcdefghijkl",
  "/api/calls/ab12",
  "/api/calls/ab12/recording",
  "/api/calls/ab12/fault",
  "/api/engine/fault",
  "/",
];
const METHODS = ["GET", "GET", "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"];
/** Requests written to one connection before it is given up. */
const A_CONNECTION = 40;
/** Connections that are left open without a whole request; the oldest is closed for a new one. */
const LEFT_OPEN = 40;
/** Of all connections, the share that is left open in the middle of a request. */
const UNFINISHED = 0.03;

/** The console's HTTP. */
export const consoleRequests: Border = {
  name: "console",
  share: 0.1,
  live: true,
  open: (target) => new ConsoleGate(target),
};

class ConsoleGate {
  readonly #port: number;
  readonly #host: string;
  readonly #left: Deno.Conn[] = [];
  #batch: string[] = [];

  constructor({ service }: Target) {
    const { port, host } = new URL(service.url);
    this.#port = Number(port);
    this.#host = host;
  }

  async take(mutator: Mutator): Promise<string> {
    const request = this.#request(mutator);
    if (mutator.chance(UNFINISHED)) await this.#leaveOpen(request.slice(0, -4));
    else {
      this.#batch.push(request);
      if (this.#batch.length >= A_CONNECTION) await this.settled();
    }
    return request;
  }

  /** Writes the requests kept so far to a connection, and reads what comes back until it ends or is silent. */
  async settled(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    for (let at = 0; at < batch.length;) {
      // A server may close the connection after a request that it cannot read: the rest goes to a new one.
      at += Math.max(1, await this.#send(batch.slice(at)));
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#left.splice(0)) close(connection);
    return Promise.resolve();
  }

  /** Sends requests over one connection; how many the server answered. */
  async #send(requests: readonly string[]): Promise<number> {
    const connection = await this.#connect();
    if (!connection) return requests.length;
    let answered = 0;
    const silence = AbortSignal.timeout(SILENCE_MS);
    const onSilence = () => close(connection);
    silence.addEventListener("abort", onSilence, { once: true });
    try {
      const bytes = new TextEncoder().encode(requests.join(""));
      const reading = (async () => {
        const buffer = new Uint8Array(65_536);
        for (let read = await connection.read(buffer); read; read = await connection.read(buffer)) {
          answered += count(buffer.subarray(0, read));
          if (answered >= requests.length) break;
        }
      })();
      for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
      await reading;
    } catch (error) {
      if (!closed(error)) throw error;
    } finally {
      silence.removeEventListener("abort", onSilence);
      close(connection);
    }
    return answered;
  }

  async #leaveOpen(request: string): Promise<void> {
    const connection = await this.#connect();
    if (!connection) return;
    this.#left.push(connection);
    if (this.#left.length > LEFT_OPEN) close(this.#left.shift()!);
    try {
      await connection.write(new TextEncoder().encode(request));
    } catch (error) {
      if (!closed(error)) throw error;
    }
  }

  async #connect(): Promise<Deno.Conn | undefined> {
    try {
      return await Deno.connect({ hostname: "127.0.0.1", port: this.#port });
    } catch (error) {
      // Whether the service lives is asked for elsewhere.
      if (error instanceof Deno.errors.ConnectionRefused) return undefined;
      throw error;
    }
  }

  #request(mutator: Mutator): string {
    const { random } = mutator;
    const path = mutator.chance(0.5) ? random.pick(PATHS) : mutator.text(random.pick(PATHS));
    const body = mutator.chance(0.3) ? mutator.json({ kind: "nothing", at: 1 }) : "";
    const headers = [
      `host: ${mutator.chance(0.9) ? this.#host : String(mutator.odd())}`,
      ...mutator.chance(0.2) ? [`origin: http://${String(mutator.odd())}`] : [],
      ...mutator.chance(0.2) ? [`authorization: ${String(mutator.odd())}`] : [],
      ...mutator.chance(0.2) ? [`range: bytes=${String(mutator.odd())}-`] : [],
      ...mutator.chance(0.2) ? [`content-type: ${mutator.text("application/json")}`] : [],
      ...mutator.chance(0.02) ? [`x-filling: ${"x".repeat(20_000)}`] : [],
      `content-length: ${new TextEncoder().encode(body).length}`,
    ];
    const line = `${random.pick(METHODS)} ${encodeURI(path.toWellFormed())} HTTP/1.1`;
    const request = `${line}\r\n${headers.map(oneLine).join("\r\n")}\r\n\r\n${body}`;
    return mutator.chance(0.05) ? mutator.text(request) : request;
  }
}

/** A connection on which nothing more comes is given up. */
const SILENCE_MS = 1000;

/** Line breaks would only make other headers of it; `text` makes those. */
function oneLine(header: string): string {
  // deno-lint-ignore no-control-regex
  return header.replace(/[\x00-\x08\x0a-\x1f]/g, "");
}

/** Answers that begin in these bytes. */
function count(bytes: Uint8Array): number {
  return new TextDecoder().decode(bytes).split("HTTP/1.1 ").length - 1;
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

function closed(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.ConnectionAborted || error instanceof Deno.errors.NotConnected;
}
