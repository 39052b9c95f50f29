// The client's side of WebSocket's opening handshake (RFC 6455 §4).
// Delete together with websocket_client.ts.

import { concatBytes } from "../bytes.ts";

/** Appended to the key; the hash of both proves that the peer speaks WebSocket (RFC 6455 §1.3). */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** Far more than an answer's head takes, a few hundred bytes. */
const LONGEST_HEAD = 16 * 1024;
const END_OF_HEAD = "\r\n\r\n";

/** One handshake: the request, and a reader of the answer. */
export interface Handshake {
  readonly request: Uint8Array;
  /**
   * Reads the answer and returns the bytes that arrived behind it.
   *
   * @param read as `Deno.Conn.read`.
   * @throws {Error} when the peer refuses the connection; the message says how it answered.
   */
  accept(read: (into: Uint8Array) => Promise<number | null>): Promise<Uint8Array>;
}

/** The handshake with the server at `url` for the subprotocol `protocol`. */
export async function handshakeOf(url: URL, protocol: string): Promise<Handshake> {
  const key = base64(crypto.getRandomValues(new Uint8Array(16)));
  const proof = base64(
    new Uint8Array(await crypto.subtle.digest("SHA-1", new TextEncoder().encode(key + GUID))),
  );
  const request = [
    `GET ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${key}`,
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Protocol: ${protocol}`,
  ].join("\r\n") + END_OF_HEAD;
  return {
    request: new TextEncoder().encode(request),
    async accept(read) {
      const { head, rest } = await readHead(read);
      check(head, proof, protocol);
      return rest;
    },
  };
}

async function readHead(
  read: (into: Uint8Array) => Promise<number | null>,
): Promise<{ head: string; rest: Uint8Array }> {
  const chunk = new Uint8Array(1024);
  let bytes: Uint8Array = new Uint8Array();
  for (;;) {
    const length = await read(chunk);
    if (length === null) throw new Error("the peer hung up during the handshake");
    bytes = concatBytes([bytes, chunk.subarray(0, length)]);
    // Latin-1, so that a character is a byte.
    const text = new TextDecoder("latin1").decode(bytes);
    const end = text.indexOf(END_OF_HEAD);
    if (end >= 0) return { head: text.slice(0, end), rest: bytes.slice(end + END_OF_HEAD.length) };
    if (bytes.length > LONGEST_HEAD) throw new Error("the answer to the handshake has no end");
  }
}

function check(head: string, proof: string, protocol: string): void {
  const [status = "", ...lines] = head.split("\r\n");
  const code = /^HTTP\/1\.1 (\d{3})/.exec(status)?.[1];
  if (code === undefined) throw new Error("the answer to the handshake is not HTTP");
  if (code !== "101") throw new Error(`the handshake was answered with HTTP ${code}`);
  const headers = new Map(lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  }));
  if (headers.get("upgrade")?.toLowerCase() !== "websocket") {
    throw new Error("the answer to the handshake does not upgrade to WebSocket");
  }
  if (headers.get("sec-websocket-accept") !== proof) {
    throw new Error("the answer to the handshake does not fit its key");
  }
  if (headers.get("sec-websocket-protocol") !== protocol) {
    throw new Error(`the peer does not speak the subprotocol "${protocol}"`);
  }
  if (headers.has("sec-websocket-extensions")) {
    throw new Error("the answer to the handshake wants extensions that were not offered");
  }
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
