// Serves the console on a port.

import type { Hono } from "hono";

import { logger } from "../config/logging.ts";
import { OperatorError } from "../config/operator_error.ts";
import { messageOf } from "../runtime/error_text.ts";

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

/** The console cannot listen on its address; the message says what to do. */
export class ConsoleError extends OperatorError {
  override readonly name = "ConsoleError";
}

/** How long requests may continue once the console has been asked to stop. */
const SHUTDOWN_GRACE_MS = 2000;

const log = logger("console");

/**
 * Serves `app` until the result is disposed. Requests under way then have `graceMs` to finish.
 *
 * @throws {ConsoleError} when the address is in use or is not this machine's
 */
export async function startConsole(
  app: Hono,
  { hostname, port }: ConsoleAddress,
  graceMs: number = SHUTDOWN_GRACE_MS,
): Promise<RunningConsole> {
  const listening = Promise.withResolvers<Deno.NetAddr>();
  const abort = new AbortController();
  const traffic = new Traffic();
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = Deno.serve(
      { hostname, port, signal: abort.signal, onListen: listening.resolve },
      (request) => traffic.watch(() => app.fetch(request)),
    );
  } catch (error) {
    throw new ConsoleError(cannotListen(error, { hostname, port }), { cause: error });
  }
  const address = await listening.promise;
  const host = address.hostname.includes(":") ? `[${address.hostname}]` : address.hostname;
  const url = `http://${host}:${address.port}`;
  log.info("console listening", { url });
  if (!isLoopback(address.hostname)) {
    log.warn("anyone who can reach this address can read and hear the calls", { url });
  }
  return {
    url,
    async [Symbol.asyncDispose]() {
      const { promise: late, resolve } = Promise.withResolvers<"late">();
      const timer = setTimeout(resolve, graceMs, "late");
      // A Deno server can be ended by one of the two only: once shutdown() has begun, aborting throws.
      const outcome = await Promise.race([traffic.over(), late]);
      if (outcome === "late") abort.abort();
      else await Promise.race([server.shutdown(), late]);
      clearTimeout(timer);
    },
  };
}

/** Requests under way, each from its arrival to the last byte of its answer. */
class Traffic {
  readonly #open = new Set<Promise<void>>();

  async watch(answer: () => Response | Promise<Response>): Promise<Response> {
    const { promise: done, resolve } = Promise.withResolvers<void>();
    this.#open.add(done);
    void done.then(() => this.#open.delete(done));
    try {
      const response = await answer();
      if (response.body) {
        const body = response.body.pipeThrough(
          new TransformStream({ flush: () => resolve(), cancel: () => resolve() }),
        );
        return new Response(body, response);
      }
      resolve();
      return response;
    } catch (error) {
      resolve();
      throw error;
    }
  }

  /** Resolves once no request is under way. */
  async over(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open);
  }
}

function cannotListen(error: unknown, { hostname, port }: ConsoleAddress): string {
  const where = `the console cannot listen on ${hostname}:${port}`;
  if (error instanceof Deno.errors.AddrInUse) {
    return `${where}: another program uses it; stop that one, or set CONSOLE_PORT (0: any free port)`;
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return `${where}: not permitted; set CONSOLE_PORT to 1024 or more`;
  }
  return `${where}: ${
    messageOf(error)
  }; set CONSOLE_HOST to an address of this machine, or 127.0.0.1`;
}

function isLoopback(hostname: string): boolean {
  return hostname.startsWith("127.") || hostname === "::1" || hostname === "localhost";
}
