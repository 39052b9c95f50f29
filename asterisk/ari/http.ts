// HTTP under ari-client. Its swagger-client builds each request, but the HTTP library it ships
// with (shred 0.8) has no deadline, never settles when the PBX is away, and throws out of socket
// callbacks. So the one method through which all its requests go is replaced by fetch.

import { AsyncLocalStorage } from "node:async_hooks";
import { createRequire } from "node:module";
import { logger } from "../../config/logging.ts";
import { abortError, AriError, kindOfStatus } from "./error.ts";

/** Where ARI answers, and as whom. */
export interface AriAddress {
  /** Asterisk's HTTP server, such as `http://127.0.0.1:8088`, with http.conf's `prefix` if there is one. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

/** The value of the Authorization header; for events too, so that no address holds the password. */
export function authorization({ user, password }: AriAddress): string {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

/** A pool of connections to one PBX's HTTP server. */
export class AriHttp implements Disposable {
  readonly #address: AriAddress;
  // Asterisk closes a connection idle for 15 s (http.conf session_keep_alive); closing it first
  // keeps a command from being written to a connection the PBX has just given up.
  readonly #client = Deno.createHttpClient({ poolIdleTimeout: 10_000 });

  constructor(address: AriAddress) {
    this.#address = address;
  }

  /**
   * Sends one request; a status of 400 or more is an error.
   *
   * @param path from `/ari` on, with its query.
   * @throws {AriError}
   * @throws the signal's reason when it aborts, unless that is a `TimeoutError`.
   */
  async send(
    operation: string,
    method: string,
    path: string,
    signal: AbortSignal,
    body?: string,
  ): Promise<string> {
    const headers: Record<string, string> = { authorization: authorization(this.#address) };
    if (body !== undefined) headers["content-type"] = "application/json";
    try {
      const response = await fetch(this.#address.url + path, {
        client: this.#client,
        method,
        headers,
        body,
        signal,
      });
      const text = await response.text();
      if (response.ok) return text;
      const reason = saidBy(text) || response.statusText;
      throw new AriError(kindOfStatus(response.status, reason), operation, response.status, reason);
    } catch (cause) {
      if (cause instanceof AriError) throw cause;
      if (signal.aborted) throw abortError(operation, signal);
      throw new AriError("unreachable", operation, 0, `no answer from ${this.#address.url}`, {
        cause,
      });
    }
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

/**
 * Runs something of ari-client's whose requests shall go through `http`: its loading, or one of its
 * operations. The first request to fail fails the whole with its `AriError`.
 */
export async function withHttp<T>(
  http: AriHttp,
  operation: string,
  signal: AbortSignal,
  run: () => PromiseLike<T>,
): Promise<T> {
  const { promise: failed, reject } = Promise.withResolvers<never>();
  const exchange: Exchange = { http, operation, signal, fail: reject };
  const onAbort = () => reject(abortError(operation, signal));
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([exchanges.run(exchange, run), failed]);
  } catch (cause) {
    if (cause instanceof AriError || signal.aborted) throw cause;
    throw new AriError("unexpected", operation, 0, "ari-client cannot read the answer", { cause });
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

interface Exchange {
  readonly http: AriHttp;
  readonly operation: string;
  readonly signal: AbortSignal;
  fail(reason: unknown): void;
}

/** Which of our commands a request of swagger-client belongs to: it has no place to carry that itself. */
const exchanges = new AsyncLocalStorage<Exchange>();

/** A request as swagger-client 2.0.26 hands it to its HTTP library (lib/swagger.js, `SwaggerHttp`). */
interface SwaggerHttpRequest {
  readonly method: string;
  readonly url: string;
  readonly body?: string;
  readonly on: { response(response: { readonly status: number; readonly data: string }): void };
}

interface SwaggerClient {
  readonly SwaggerHttp: { readonly prototype: { execute(request: SwaggerHttpRequest): void } };
}

// The very copy that ari-client loads: resolved from its place, not from ours.
const swaggerClient: SwaggerClient = createRequire(import.meta.resolve("ari-client"))(
  "swagger-client",
);

swaggerClient.SwaggerHttp.prototype.execute = (request) => {
  const exchange = exchanges.getStore();
  if (!exchange) throw new Error("an ari-client request was made outside withHttp()");
  const { http, operation, signal, fail } = exchange;
  // Only the path is taken: the origin the PBX names in its api-docs may be one we cannot reach.
  const { pathname, search } = new URL(request.url);
  const path = pathname.slice(Math.max(0, pathname.indexOf("/ari/"))) + search;
  http.send(operation, request.method.toUpperCase(), path, signal, request.body)
    .then((data) => request.on.response({ status: 200, data }))
    .catch(fail);
};

// swagger-client leaves a global `log` behind that writes to standard output.
Object.assign(globalThis, {
  log: (...facts: readonly unknown[]) => logger("ari").debug("swagger-client says", { facts }),
});

/** Asterisk explains an error as `{"message": …}`, or `{"error": …}` for a refused user. */
function saidBy(body: string): string {
  try {
    const { message, error } = JSON.parse(body);
    return String(message ?? error ?? "").slice(0, 200);
  } catch {
    // An HTML page, from http.conf's server or a proxy: the status says what there is to say.
    return "";
  }
}
