// ari-client, for commands only: what it gives, what of it is patched, and when to drop it is in
// docs/decisions/ari-client.md.

import { AsyncLocalStorage } from "node:async_hooks";
import { createRequire } from "node:module";
import ariClient from "ari-client";
import { logger } from "../../config/logging.ts";
import { abortable } from "../../runtime/waiting.ts";
import type { AriCommand } from "./command_table.ts";
import { abortError, AriError, orNotServed } from "./error.ts";
import { type AriAddress, AriHttp } from "./http.ts";
import { RequestQueue, type Urgency } from "./requests/request_queue.ts";

/** Longest wait for the answer to one command, once it is sent, unless its signal aborts earlier. */
const COMMAND_DEADLINE_MS = 5000;

/** Values of a command's parameters; undefined ones are not sent. */
export type CommandParams = Readonly<Record<string, string | number | boolean | undefined>>;

/** One PBX's operations, built from its own api-docs. Survives a restart of the PBX. */
export class AriClient implements Disposable {
  readonly #http: AriHttp;
  readonly #operations: Operations;
  readonly #queue = new RequestQueue();

  private constructor(http: AriHttp, operations: Operations) {
    this.#http = http;
    this.#operations = operations;
  }

  /**
   * Reads the PBX's api-docs.
   *
   * @throws {AriError} `unauthorized` when the credentials are wrong, `unreachable` when nobody
   *   answers.
   * @throws the signal's reason when it aborts.
   */
  static async load(address: AriAddress, signal?: AbortSignal): Promise<AriClient> {
    const http = new AriHttp(address);
    try {
      const deadline = withDeadline(signal);
      // ari-client's own first request has no deadline, and ignores the status of its answer.
      await http.send(API_DOCS, "GET", "/ari/api-docs/resources.json", deadline);
      const client = await overHttp(
        { http, operation: API_DOCS, signal: deadline, answered: true },
        () => ariClient.connect(address.url, address.user, address.password),
      );
      return new AriClient(http, client as unknown as Operations);
    } catch (error) {
      http[Symbol.dispose]();
      throw orNotServed(error);
    }
  }

  /**
   * Executes one command.
   *
   * @throws {AriError} for any status but 2xx, for an answer that does not fit `command.result`, and
   *   when too many commands are under way.
   * @throws the signal's reason when it aborts.
   */
  async run<R>(command: AriCommand<R>, params: CommandParams, signal?: AbortSignal): Promise<R> {
    const operation = describeCommand(command, params);
    const call = this.#operations[command.resource]?.[command.operation];
    if (!call) {
      throw new AriError("unexpected", operation, 0, "the PBX's api-docs have no such operation");
    }
    const given = Object.fromEntries(
      Object.entries(params).filter(([, value]) => value !== undefined),
    );
    const answer = await this.#send(command, operation, () => call(given), signal);
    if (command.result === null) return undefined as R;
    const parsed = command.result.safeParse(answer);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const reason = `the answer does not fit the api-docs: ${
      issue?.path.join(".")
    }: ${issue?.message}`;
    throw new AriError("unexpected", operation, 0, reason);
  }

  /** One file of the PBX's own description of ARI, such as `channels`. */
  async apiDocs(resource: string, signal?: AbortSignal): Promise<unknown> {
    const path = `/ari/api-docs/${resource}.json`;
    return JSON.parse(await this.#http.send(API_DOCS, "GET", path, withDeadline(signal)));
  }

  async #send(
    command: AriCommand,
    operation: string,
    call: () => PromiseLike<unknown>,
    signal?: AbortSignal,
  ): Promise<unknown> {
    using _place = await this.#queue.acquire(operation, urgencyOf(command), signal);
    return await overHttp({
      http: this.#http,
      operation,
      signal: withDeadline(signal),
      answered: command.result !== null,
    }, call);
  }

  /** Closes the connections kept to the PBX; commands under way are cut off. */
  [Symbol.dispose](): void {
    this.#http[Symbol.dispose]();
  }
}

/** `channels.answer /channels/ab12/answer`: a path names only ids, never a number or a secret. */
export function describeCommand(
  { resource, operation, path }: AriCommand<unknown>,
  params: CommandParams,
): string {
  const target = path.replace(/\{(\w+)\}/g, (_, name) => String(params[name]));
  return `${resource}.${operation} ${target}`;
}

/** ari-client's client as far as it is used: operations by resource and nickname. */
type Operations = Readonly<
  Record<string, Readonly<Record<string, (params: object) => PromiseLike<unknown>>> | undefined>
>;

const API_DOCS = "api-docs";

/** Continuing in the dialplan is how most callers are sent away; to read is to look around. */
function urgencyOf({ method, operation }: AriCommand): Urgency {
  if (method === "GET") return "look";
  return operation === "continueInDialplan" ? "send_away" : "call";
}

function withDeadline(signal?: AbortSignal): AbortSignal {
  const deadline = AbortSignal.timeout(COMMAND_DEADLINE_MS);
  return signal ? AbortSignal.any([signal, deadline]) : deadline;
}

/** Which HTTP requests of swagger-client belong to which command. */
interface Exchange {
  readonly http: AriHttp;
  /** The command, for errors. */
  readonly operation: string;
  readonly signal: AbortSignal;
  /** The answer must hold something: ari-client takes an empty one, or null, for an empty list. */
  readonly answered: boolean;
}

/** swagger-client has no place to carry it. */
const exchanges = new AsyncLocalStorage<Exchange & { readonly fail: (reason: unknown) => void }>();

/**
 * Runs a function of ari-client's with its requests sent through `exchange.http`. The first request
 * that fails fails the whole.
 */
async function overHttp<T>(exchange: Exchange, run: () => PromiseLike<T>): Promise<T> {
  const { operation, signal } = exchange;
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  try {
    const done = exchanges.run({ ...exchange, fail }, run);
    return await abortable(Promise.race([done, failed]), signal);
  } catch (cause) {
    if (cause instanceof AriError) throw cause;
    if (signal.aborted) throw abortError(operation, signal);
    throw new AriError("unexpected", operation, 0, "ari-client cannot read the answer", { cause });
  }
}

/**
 * A request as swagger-client 2.0.26 hands it to its HTTP library (lib/swagger.js, `SwaggerHttp`).
 */
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

// Its HTTP library (shred 0.8) has no deadline, never settles when the PBX is away, and throws out
// of socket callbacks.
swaggerClient.SwaggerHttp.prototype.execute = (request) => {
  const exchange = exchanges.getStore();
  if (!exchange) throw new Error("an ari-client request was made outside overHttp()");
  const { http, operation, signal, answered, fail } = exchange;
  // Only the path is taken: the origin that the PBX names in its api-docs may be out of our reach.
  const { pathname, search } = new URL(request.url);
  const path = pathname.slice(Math.max(0, pathname.indexOf("/ari/"))) + search;
  http.send(operation, request.method.toUpperCase(), path, signal, request.body)
    .then((data) => {
      if (answered && /^\s*(null)?\s*$/.test(data)) {
        throw new AriError("unexpected", operation, 200, "the answer is empty");
      }
      request.on.response({ status: 200, data });
    })
    .catch(fail);
};

// swagger-client leaves a global `log` behind that writes to standard output.
Object.assign(globalThis, {
  log: (...facts: readonly unknown[]) => logger("ari").debug("swagger-client says", { facts }),
});
