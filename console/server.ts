// The console on a port.

import type { Hono } from "hono";

import { logger } from "../config/logging.ts";

/** A console that is listening; disposing it lets running requests finish, for a while. */
export interface RunningConsole extends AsyncDisposable {
  /** Where it answers, without a trailing slash: `http://127.0.0.1:9000`. */
  readonly url: string;
}

/** Where to listen. */
export interface ConsoleAddress {
  readonly hostname: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** The console cannot listen where it should; the message says what to do. */
export class ConsoleError extends Error {
  override readonly name = "ConsoleError";
}

/** How long a request may go on once the console is asked to stop. */
const SHUTDOWN_GRACE_MS = 2000;

const log = logger("console");

/**
 * Serves `app` until the result is disposed.
 *
 * @throws {ConsoleError} when the address is taken or is not this machine's
 */
export async function startConsole(
  app: Hono,
  { hostname, port }: ConsoleAddress,
): Promise<RunningConsole> {
  const listening = Promise.withResolvers<Deno.NetAddr>();
  const abort = new AbortController();
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = Deno.serve(
      { hostname, port, signal: abort.signal, onListen: listening.resolve },
      (request) => app.fetch(request),
    );
  } catch (error) {
    throw new ConsoleError(cannotListen(error, { hostname, port }), { cause: error });
  }
  const address = await listening.promise;
  const host = address.hostname.includes(":") ? `[${address.hostname}]` : address.hostname;
  const url = `http://${host}:${address.port}`;
  log.info("console listening", { url });
  if (!isLoopback(address.hostname)) {
    log.warning("anyone who reaches this address can read and hear the calls", { url });
  }
  return {
    url,
    async [Symbol.asyncDispose]() {
      const late = setTimeout(() => abort.abort(), SHUTDOWN_GRACE_MS);
      await server.shutdown();
      clearTimeout(late);
    },
  };
}

function cannotListen(error: unknown, { hostname, port }: ConsoleAddress): string {
  const where = `the console cannot listen on ${hostname}:${port}`;
  if (error instanceof Deno.errors.AddrInUse) {
    return `${where}: another program does; stop it or set CONSOLE_PORT (0 takes a free one)`;
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return `${where}: not allowed; set CONSOLE_PORT to 1024 or more`;
  }
  const reason = error instanceof Error ? error.message : String(error);
  return `${where}: ${reason}; set CONSOLE_HOST to an address of this machine, or 127.0.0.1`;
}

function isLoopback(hostname: string): boolean {
  return hostname.startsWith("127.") || hostname === "::1" || hostname === "localhost";
}
