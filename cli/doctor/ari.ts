// Asking a PBX that may be anything: another web server, an ARI that is off, one that refuses us.
// Every outcome is a value, because each has a cure of its own.

import type { Settings } from "../../config/settings.ts";

/** The settings that say where ARI is and who asks. */
export type AriAccess = Pick<Settings, "ARI_HTTP_URL" | "ARI_USER" | "ARI_PASSWORD">;

/** What came of a request. */
export type AriAnswer =
  /** ARI itself answered; `body` is its JSON. */
  | { readonly kind: "answer"; readonly status: number; readonly body: unknown }
  /** Something answered that is not ARI; `server` is its Server header. */
  | { readonly kind: "stranger"; readonly status: number; readonly server: string }
  | { readonly kind: "silence"; readonly reason: string };

/** ARI answers in milliseconds; this is for a PBX far away or a firewall that drops packets. */
const ANSWER_TIMEOUT_MS = 5000;

/** Makes one ARI request; `path` begins after `/ari/`. Never throws. */
export async function askAri(
  { ARI_HTTP_URL, ARI_USER, ARI_PASSWORD }: AriAccess,
  method: "GET" | "DELETE",
  path: string,
): Promise<AriAnswer> {
  const credentials = new TextEncoder().encode(`${ARI_USER}:${ARI_PASSWORD}`);
  try {
    const response = await fetch(`${ARI_HTTP_URL}/ari/${path}`, {
      method,
      headers: { authorization: `Basic ${credentials.toBase64()}` },
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    const text = await response.text();
    const body = parseJson(text);
    if (body !== undefined || (response.status === 204 && text === "")) {
      return { kind: "answer", status: response.status, body };
    }
    const server = response.headers.get("server") ?? "unknown";
    return { kind: "stranger", status: response.status, server };
  } catch (error) {
    return { kind: "silence", reason: silenceReason(error) };
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not JSON is an answer too: it is how a web server that is no ARI speaks
  }
}

/** The innermost reason of a failed fetch, without the wrapping that repeats the address. */
function silenceReason(error: unknown): string {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return `no answer in ${ANSWER_TIMEOUT_MS / 1000} s`;
  }
  if (!(error instanceof Error)) return String(error);
  if (error.cause) return silenceReason(error.cause);
  return error.message.replace(/^.*client error \(\w+\): /, "");
}
