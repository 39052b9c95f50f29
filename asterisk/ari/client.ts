// Sends the commands of `command_table.ts` to one PBX. Why no client library does it:
// docs/decisions/ari-commands.md.

import type { AriCommand } from "./command_table.ts";
import { AriError, orNotServed } from "./error.ts";
import { type AriAddress, AriHttp } from "./http.ts";
import { RequestQueue, type Urgency } from "./requests/request_queue.ts";

/** Longest wait for the answer to one command, once it is sent, unless its signal aborts earlier. */
const COMMAND_DEADLINE_MS = 5000;

/** Values of a command's parameters; undefined ones are not sent. */
export type CommandParams = Readonly<Record<string, string | number | boolean | undefined>>;

/** Sends commands to one PBX. Survives a restart of the PBX. */
export class AriClient implements Disposable {
  readonly #http: AriHttp;
  readonly #queue = new RequestQueue();

  private constructor(http: AriHttp) {
    this.#http = http;
  }

  /**
   * Asks the PBX for the list of its api-docs: it is there, has ARI, and takes these credentials.
   *
   * @throws {AriError} `unauthorized` when the credentials are wrong, `unreachable` when nobody
   *   answers, or no ARI.
   * @throws the signal's reason when it aborts.
   */
  static async open(address: AriAddress, signal?: AbortSignal): Promise<AriClient> {
    const client = new AriClient(new AriHttp(address));
    try {
      await client.apiDocs("resources", signal);
      return client;
    } catch (error) {
      client[Symbol.dispose]();
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
    const path = requestPath(command, params);
    using _place = await this.#queue.acquire(operation, urgencyOf(command), signal);
    const answer = await this.#http.send(operation, command.method, path, withDeadline(signal));
    if (command.result === null) return undefined as R;
    const parsed = command.result.safeParse(readJson(operation, answer));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const reason = `the answer does not fit the api-docs: ${
      issue?.path.join(".")
    }: ${issue?.message}`;
    throw new AriError("unexpected", operation, 0, reason);
  }

  /** One file of the PBX's own description of ARI, such as `channels`. Errors as of `run`. */
  async apiDocs(resource: string, signal?: AbortSignal): Promise<unknown> {
    const path = `/ari/api-docs/${resource}.json`;
    return readJson(API_DOCS, await this.#http.send(API_DOCS, "GET", path, withDeadline(signal)));
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

const API_DOCS = "api-docs";

/** From `/ari` on, with the query: each parameter where the api-docs place it. */
function requestPath(command: AriCommand<unknown>, params: CommandParams): string {
  const target = command.path.replace(
    /\{(\w+)\}/g,
    (_, name) => encodeURIComponent(String(params[name])),
  );
  // Not URLSearchParams: its + for a space is a + to some of Asterisk's decoders.
  const query = Object.entries(params)
    .filter(([name, value]) => value !== undefined && command.params[name]?.startsWith("query "))
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    .join("&");
  return `/ari${target}${query && "?"}${query}`;
}

function readJson(operation: string, answer: string): unknown {
  try {
    return JSON.parse(answer);
  } catch (cause) {
    throw new AriError("unexpected", operation, 0, "the answer is not JSON", { cause });
  }
}

/** Continuing in the dialplan is how most callers are sent away; to read is to look around. */
function urgencyOf({ method, operation }: AriCommand): Urgency {
  if (method === "GET") return "look";
  return operation === "continueInDialplan" ? "send_away" : "call";
}

function withDeadline(signal?: AbortSignal): AbortSignal {
  const deadline = AbortSignal.timeout(COMMAND_DEADLINE_MS);
  return signal ? AbortSignal.any([signal, deadline]) : deadline;
}
