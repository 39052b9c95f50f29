// Reading requests and writing responses of the simulated PBX's HTTP server.

import { Buffer } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { OperationReply } from "./operation.ts";

/** The request's body; undefined when the client left before its end. */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let gone = false;
  request.on("error", () => gone = true);
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch (error) {
    if (!gone) throw error;
  }
  return gone ? undefined : Buffer.concat(chunks).toString();
}

/** Sends an operation's reply. */
export function writeReply(
  response: ServerResponse,
  { status, json, bytes }: OperationReply,
): void {
  if (bytes) {
    response.writeHead(status, { "content-type": "audio/x-wav", "content-length": bytes.length });
    response.end(bytes);
  } else if (json === undefined) {
    response.writeHead(status).end();
  } else {
    const text = JSON.stringify(json);
    response.writeHead(status, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text),
      "cache-control": "no-cache, no-store",
    });
    response.end(text);
  }
}

/** Answers a request without credentials, or with wrong ones. */
export function writeUnauthorized(response: ServerResponse): void {
  response.setHeader("www-authenticate", 'Basic realm="Asterisk REST Interface"');
  writeReply(response, { status: 401, json: { message: "Authentication required" } });
}

/** Answers a request for something other than ARI. */
export function writeNotFound(response: ServerResponse, path: string): void {
  response.writeHead(404, { "content-type": "text/html" });
  response.end(
    path.startsWith("/media/") ? "WebSocket instance not found" : "The URL was not found",
  );
}

/** Refuses a websocket handshake. */
export function refuseUpgrade(socket: Duplex, status: number, reason: string): void {
  socket.end(`HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** Whether a request has these credentials, in its header or as `api_key`. */
export function isAuthorized(
  request: IncomingMessage,
  url: URL,
  { user, password }: { readonly user: string; readonly password: string },
): boolean {
  const expected = `${user}:${password}`;
  const [scheme, token] = (request.headers.authorization ?? "").split(" ");
  if (scheme === "Basic" && token !== undefined) {
    return Buffer.from(token, "base64").toString() === expected;
  }
  return url.searchParams.get("api_key") === expected;
}
