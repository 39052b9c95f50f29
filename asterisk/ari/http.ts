// HTTP to one PBX: requests with a deadline, failures as `AriError`.

import { abortError, AriError, kindOfStatus } from "./error.ts";

/** Where ARI answers, and as whom. */
export interface AriAddress {
  /**
   * Asterisk's HTTP server, such as `http://127.0.0.1:8088`, with http.conf's `prefix` if there is
   * one.
   */
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

/** `GET /channels` has about 1 KB a channel: room for thousands. */
const LONGEST_ANSWER_MB = 8;

/** The value of the Authorization header; for events too, so that no address holds the password. */
export function authorization({ user, password }: AriAddress): string {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

/** A pool of connections to one PBX's HTTP server. */
export class AriHttp implements Disposable {
  readonly #address: AriAddress;
  // Asterisk closes a connection that is idle for 15 s (http.conf session_keep_alive). We close it
  // first, so that no command is written to a connection the PBX has just given up.
  readonly #client = Deno.createHttpClient({ poolIdleTimeout: 10_000, poolMaxIdlePerHost: 32 });

  constructor(address: AriAddress) {
    this.#address = address;
  }

  /**
   * Sends one request and returns the body of its answer.
   *
   * @param operation what is tried, for the error.
   * @param path from `/ari` on, with its query.
   * @throws {AriError} also for a status of 400 or more.
   * @throws the signal's reason when it aborts, unless that is a `TimeoutError`.
   */
  async send(
    operation: string,
    method: string,
    path: string,
    signal: AbortSignal,
  ): Promise<string> {
    try {
      const response = await fetch(this.#address.url + path, {
        client: this.#client,
        method,
        headers: { authorization: authorization(this.#address) },
        signal,
        // Our password goes to nobody else.
        redirect: "manual",
      });
      const text = await boundedText(response, operation);
      if (response.ok) return text;
      const reason = explanationIn(text) || response.statusText;
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

/** The answer's body, unless it is longer than any answer of a PBX. */
async function boundedText(response: Response, operation: string): Promise<string> {
  let text = "";
  let bytes = 0;
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > LONGEST_ANSWER_MB * 1e6) {
      const reason = `the answer is longer than ${LONGEST_ANSWER_MB} MB`;
      throw new AriError("unexpected", operation, response.status, reason);
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Asterisk explains an error as `{"message": …}`, or `{"error": …}` to a refused user. */
function explanationIn(body: string): string {
  try {
    const { message, error } = JSON.parse(body);
    return String(message ?? error ?? "").slice(0, 200);
  } catch {
    // An HTML page of Asterisk's HTTP server or of a proxy: the status says enough.
    return "";
  }
}
