// Asks a PBX about which nothing is known yet: it may be another web server, or an ARI that is off or
// refuses us. Every outcome is a value, because each has a fix of its own.

import type { Settings } from "../../config/settings.ts";

/** Where ARI is, and the credentials for it. */
export type AriAccess = Pick<Settings, "ARI_HTTP_URL" | "ARI_USER" | "ARI_PASSWORD">;

/** The outcome of a request. */
export type AriAnswer =
  /** ARI itself answered; `body` is its JSON. */
  | { readonly kind: "answer"; readonly status: number; readonly body: unknown }
  /** Something other than ARI answered; `server` is its Server header. */
  | { readonly kind: "stranger"; readonly status: number; readonly server: string }
  | { readonly kind: "silence"; readonly reason: string };

/** ARI answers within milliseconds. The rest allows for a distant PBX or a firewall that drops packets. */
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
    return undefined; // An answer, too: that of a web server without ARI.
  }
}

/** The innermost reason of a failed fetch, without wrappers that repeat the address. */
function silenceReason(error: unknown): string {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return `no answer in ${ANSWER_TIMEOUT_MS / 1000} s`;
  }
  if (!(error instanceof Error)) return String(error);
  if (error.cause) return silenceReason(error.cause);
  return error.message.replace(/^.*client error \(\w+\): /, "");
}
