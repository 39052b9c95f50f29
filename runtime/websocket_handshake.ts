// The opening handshake of the WebSocket protocol, RFC 6455 §4, from the client's side.

import { concatBytes } from "./bytes.ts";

/** Appended to the key whose hash proves that the far end speaks WebSocket, RFC 6455 §1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** An answer's head is a few hundred bytes; what goes on and on is not one. */
const LONGEST_HEAD = 16 * 1024;
const END_OF_HEAD = "\r\n\r\n";

/** One handshake: what to send, and how to read what comes back. */
export interface Handshake {
  readonly request: Uint8Array;
  /**
   * Reads the answer, and returns what has already come after it.
   *
   * @param read as `Deno.Conn.read`.
   * @throws {Error} when the far end does not take the connection; the message says how it answered.
   */
  accept(read: (into: Uint8Array) => Promise<number | null>): Promise<Uint8Array>;
}

/** The handshake for `url`, where `protocol` is to be spoken. */
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
    if (length === null) throw new Error("it was closed before the handshake was over");
    bytes = concatBytes([bytes, chunk.subarray(0, length)]);
    // Latin-1, so that a character is a byte.
    const text = new TextDecoder("latin1").decode(bytes);
    const end = text.indexOf(END_OF_HEAD);
    if (end >= 0) return { head: text.slice(0, end), rest: bytes.slice(end + END_OF_HEAD.length) };
    if (bytes.length > LONGEST_HEAD) throw new Error("its answer to the handshake has no end");
  }
}

function check(head: string, proof: string, protocol: string): void {
  const [status = "", ...lines] = head.split("\r\n");
  const code = /^HTTP\/1\.1 (\d{3})/.exec(status)?.[1];
  if (code === undefined) throw new Error("its answer to the handshake is not HTTP");
  if (code !== "101") throw new Error(`it answered the handshake with HTTP ${code}`);
  const headers = new Map(lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  }));
  if (headers.get("upgrade")?.toLowerCase() !== "websocket") {
    throw new Error("its answer to the handshake upgrades to no WebSocket");
  }
  if (headers.get("sec-websocket-accept") !== proof) {
    throw new Error("its answer to the handshake is another one's");
  }
  if (headers.get("sec-websocket-protocol") !== protocol) {
    throw new Error(`it does not speak the subprotocol "${protocol}"`);
  }
  if (headers.has("sec-websocket-extensions")) {
    throw new Error("its answer to the handshake wants extensions that nobody offered");
  }
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
