import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type Handshake, handshakeOf } from "./websocket_handshake.ts";

const SWITCHING = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n";

Deno.test("the request names the host, the path with its query, and the subprotocol", async () => {
  const handshake = await handshakeOf(new URL("ws://pbx:8088/media/1?x=y"), "media");
  const [request, ...headers] = textOf(handshake).split("\r\n");
  assert.equal(request, "GET /media/1?x=y HTTP/1.1");
  assert.ok(headers.includes("Host: pbx:8088"));
  assert.ok(headers.includes("Sec-WebSocket-Protocol: media"));
  assert.deepEqual(headers.slice(-2), ["", ""]);
});

Deno.test("the bytes behind the answer are returned", async () => {
  const handshake = await handshakeOf(new URL("ws://pbx/"), "media");
  const answer = new TextEncoder().encode(acceptance(handshake));
  const rest = await handshake.accept(reading(answer, Uint8Array.of(0x82, 1, 7)));
  assert.deepEqual(rest, Uint8Array.of(0x82, 1, 7));
});

for (
  const [what, answer, reason] of [
    ["speaks no WebSocket", () => "HTTP/1.1 101 OK\r\n\r\n", /does not upgrade to WebSocket/],
    [
      "chose another subprotocol",
      (handshake: Handshake) => acceptance(handshake, "Sec-WebSocket-Protocol: chat"),
      /does not speak the subprotocol "media"/,
    ],
    [
      "wants an extension that was not offered",
      (handshake: Handshake) =>
        acceptance(
          handshake,
          "Sec-WebSocket-Protocol: media\r\nSec-WebSocket-Extensions: permessage-deflate",
        ),
      /extensions that were not offered/,
    ],
    ["hangs up in the middle of its answer", () => SWITCHING, /hung up during the handshake/],
    ["never ends its answer", () => SWITCHING + "x".repeat(20_000), /has no end/],
  ] as const
) {
  Deno.test(`a server that ${what} is refused, with the reason`, async () => {
    const handshake = await handshakeOf(new URL("ws://pbx/"), "media");
    const bytes = new TextEncoder().encode(answer(handshake));
    await assert.rejects(handshake.accept(reading(bytes)), reason);
  });
}

/** The right answer to a handshake, but for its last headers. */
function acceptance(handshake: Handshake, headers = "Sec-WebSocket-Protocol: media"): string {
  const key = /Sec-WebSocket-Key: (\S+)/.exec(textOf(handshake))![1]!;
  const proof = createHash("sha1").update(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
  return `${SWITCHING}Sec-WebSocket-Accept: ${proof.digest("base64")}\r\n${headers}\r\n\r\n`;
}

function textOf({ request }: Handshake): string {
  return new TextDecoder().decode(request);
}

/** `Deno.Conn.read` of a connection that delivers these bytes, then ends. */
function reading(...parts: readonly Uint8Array[]) {
  const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
  let at = 0;
  return (into: Uint8Array): Promise<number | null> => {
    const next = bytes.subarray(at, at + into.length);
    into.set(next);
    at += next.length;
    return Promise.resolve(next.length > 0 ? next.length : null);
  };
}
