// Serves the console on a port: so many connections at once and each for so long, whoever holds them,
// and again after its listener has failed.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";

import { logger } from "../config/logging.ts";
import { isLoopback } from "../config/loopback.ts";
import { OperatorError } from "../config/operator_error.ts";
import { messageOf } from "../runtime/error_text.ts";
import { pause } from "../runtime/waiting.ts";

/** A listening console. Disposing it gives requests under way a moment to finish. */
export interface RunningConsole extends AsyncDisposable {
  /** Its address, without a trailing slash: `http://127.0.0.1:9000`. */
  readonly url: string;
}

/** Where to listen. */
export interface ConsoleAddress {
  readonly hostname: string;
  /** 0: any free one. */
  readonly port: number;
}

/** What a client may hold, and for how long. Times are in milliseconds. */
export interface ConsoleLimits {
  /** Connections at once; one more is closed unanswered. A few operators and Prometheus hold ten. */
  readonly connections: number;
  /** From a connection's first byte to the end of its request's head. */
  readonly headMs: number;
  /** From the first byte of a request to its last. */
  readonly requestMs: number;
  /** A connection without a request, or whose answer nobody reads, lasts this long. */
  readonly idleMs: number;
  /** How long requests may continue once the console has been asked to stop. */
  readonly graceMs: number;
  /** From the failure of the listener to the next attempt. */
  readonly reopenMs: number;
  /** How often the console sees whether its listener still takes connections, and waits for that. */
  readonly watchMs: number;
}

/** The limits unless a test sets others. */
export const CONSOLE_LIMITS: ConsoleLimits = {
  connections: 64,
  headMs: 5000,
  requestMs: 10_000,
  idleMs: 30_000,
  graceMs: 2000,
  reopenMs: 1000,
  watchMs: 5000,
};

/** The console cannot listen on its address; the message says what to do. */
export class ConsoleError extends OperatorError {
  override readonly name = "ConsoleError";
}

const log = logger("console");

/**
 * Serves `app` until the result is disposed. Requests under way then have `graceMs` to finish.
 *
 * @throws {ConsoleError} when the address is in use or is not this machine's
 */
export async function startConsole(
  app: Pick<Hono, "fetch">,
  address: ConsoleAddress,
  limits: Partial<ConsoleLimits> = {},
): Promise<RunningConsole> {
  const listener = new ConsoleListener(app, { ...CONSOLE_LIMITS, ...limits });
  try {
    await listener.open(address);
  } catch (error) {
    throw new ConsoleError(cannotListen(error, address), { cause: error });
  }
  log.info("console listening", { url: listener.url });
  if (!isLoopback(address.hostname)) {
    log.warn("whoever reaches this address and has the token can read and hear the calls", {
      url: listener.url,
    });
  }
  return listener;
}

/** The HTTP server, replaced by a new one when it fails. */
class ConsoleListener implements RunningConsole {
  url = "";
  readonly #limits: ConsoleLimits;
  readonly #answer: ReturnType<typeof getRequestListener>;
  #server: Server | undefined;
  #reopening: ReturnType<typeof setTimeout> | undefined;
  #stopWatch: AbortController | undefined;
  #stopped = false;

  constructor(app: Pick<Hono, "fetch">, limits: ConsoleLimits) {
    this.#limits = limits;
    this.#answer = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  }

  /** Listens. Rejects when it cannot. */
  async open({ hostname, port }: ConsoleAddress): Promise<void> {
    const { connections, headMs, requestMs, idleMs } = this.#limits;
    const server = createServer({
      headersTimeout: headMs,
      requestTimeout: requestMs,
      keepAliveTimeout: Math.min(idleMs, 5000),
      connectionsCheckingInterval: Math.min(1000, headMs),
    }, this.#answer);
    server.maxConnections = connections;
    server.setTimeout(idleMs);
    const listening = Promise.withResolvers<void>();
    server.once("listening", listening.resolve);
    server.on("error", (error) => {
      listening.reject(error);
      if (this.#server === server) this.#onFailed(error);
    });
    server.listen(port, hostname);
    await listening.promise;
    const bound = server.address() as AddressInfo;
    const host = bound.address.includes(":") ? `[${bound.address}]` : bound.address;
    this.url = `http://${host}:${bound.port}`;
    this.#server = server;
    this.#stopWatch = new AbortController();
    this.#watch(server, { hostname, port: bound.port }, this.#stopWatch.signal);
    server.on("close", () => {
      if (this.#server === server) this.#onFailed(new Error("the listener was closed"));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#reopening);
    this.#stopWatch?.abort();
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = new Promise<void>((done) => server.close(() => done()));
    server.closeIdleConnections();
    const late = setTimeout(() => server.closeAllConnections(), this.#limits.graceMs);
    await closed;
    clearTimeout(late);
  }

  /** The console may fail; the calls go on, and it is opened again at the same address. */
  #onFailed(error: unknown): void {
    log.error("the console's listener failed and is opened again; calls go on", {
      url: this.url,
      error,
    });
    const failed = this.#server;
    this.#server = undefined;
    this.#stopWatch?.abort();
    failed?.closeAllConnections();
    failed?.close();
    this.#reopenSoon();
  }

  /**
   * A listener of node:http in Deno 2.9.6 that was out of file descriptors when a connection came takes
   * none ever after, and emits no event. Only a connection of our own shows that; two, because a thread
   * that stood still misses one.
   */
  async #watch(server: Server, address: ConsoleAddress, signal: AbortSignal): Promise<void> {
    const { watchMs } = this.#limits;
    for (let misses = 0; misses < 2;) {
      await pause(watchMs, signal);
      const deaf = !signal.aborted && await isDeaf(address, watchMs, signal);
      if (signal.aborted) return;
      misses = deaf ? misses + 1 : 0;
    }
    if (this.#server === server) {
      this.#onFailed(new Error("it takes no connections: file descriptors had run out"));
    }
  }

  #reopenSoon(): void {
    if (this.#stopped) return;
    const { hostname, port } = new URL(this.url);
    const address = { hostname: hostname.replace(/^\[|\]$/g, ""), port: Number(port) };
    this.#reopening = setTimeout(async () => {
      try {
        await this.open(address);
        log.info("console listening again", { url: this.url });
      } catch (error) {
        log.error("the console cannot listen yet", { url: this.url, error });
        this.#reopenSoon();
      }
    }, this.#limits.reopenMs);
  }
}

/** Whether a connection to `address` meets nobody: a listener that hears, or is full, closes it. */
async function isDeaf(
  address: ConsoleAddress,
  waitMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const heard = new AbortController();
  try {
    using connection = await Deno.connect(address);
    await connection.closeWrite();
    connection.read(new Uint8Array(1)).then(() => heard.abort(), () => heard.abort());
    await pause(waitMs, AbortSignal.any([signal, heard.signal]));
    return !heard.signal.aborted;
  } catch (error) {
    // No descriptor is left for this connection either, or it was refused: the next one will tell.
    log.debug("the console could not be looked at", { error: messageOf(error) });
    return false;
  }
}

function cannotListen(error: unknown, { hostname, port }: ConsoleAddress): string {
  const where = `the console cannot listen on ${hostname}:${port}`;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE" || error instanceof Deno.errors.AddrInUse) {
    return `${where}: another program uses it; stop that one, or set CONSOLE_PORT (0: any free port)`;
  }
  if (code === "EACCES" || error instanceof Deno.errors.PermissionDenied) {
    return `${where}: not permitted; set CONSOLE_PORT to 1024 or more`;
  }
  return `${where}: ${
    messageOf(error)
  }; set CONSOLE_HOST to an address of this machine, or 127.0.0.1`;
}
