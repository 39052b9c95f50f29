import assert from "node:assert/strict";
import { type WebSocket, WebSocketServer } from "ws";
import { WebSocketClient } from "./websocket_client.ts";
import { encodeFrame, OPCODE } from "./websocket_frame.ts";

const AUDIO = new Uint8Array(640).map((_, i) => i);

/** Handlers that keep what a client received. */
class Received {
  readonly closed = Promise.withResolvers<string>();
  readonly #messages: (string | Uint8Array)[] = [];
  #waiting: PromiseWithResolvers<void> | undefined;

  onText = (text: string) => this.#add(text);
  onBinary = (bytes: Uint8Array) => this.#add(bytes);
  onClose = (code: number, reason: string) => this.closed.resolve(`${code} ${reason}`.trim());

  /** The next message. */
  async next(): Promise<string | Uint8Array> {
    while (this.#messages.length === 0) {
      this.#waiting = Promise.withResolvers();
      await this.#waiting.promise;
    }
    return this.#messages.shift()!;
  }

  #add(message: string | Uint8Array): void {
    this.#messages.push(message);
    this.#waiting?.resolve();
  }
}

/** A server of another library, with one connection to it. */
async function connected() {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await new Promise((resolve) => server.once("listening", resolve));
  const peer = new Promise<WebSocket>((resolve) => server.once("connection", resolve));
  const received = new Received();
  const { port } = server.address() as { port: number };
  const client = new WebSocketClient(`ws://127.0.0.1:${port}/media/1?x=y`, "media", received);
  return {
    client,
    received,
    peer: await peer,
    async [Symbol.asyncDispose]() {
      await client.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A server that answers with bytes of the test's choice, with one connection to it. */
async function bareServer(talk: (connection: Deno.TcpConn, key: string) => Promise<void>) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const received = new Received();
  const client = new WebSocketClient(`ws://127.0.0.1:${listener.addr.port}/`, "media", received);
  const connection = await listener.accept();
  const chunk = new Uint8Array(4096);
  const request = new TextDecoder().decode(chunk.subarray(0, await connection.read(chunk) ?? 0));
  const key = /Sec-WebSocket-Key: (\S+)/.exec(request)![1]!;
  await talk(connection, key);
  return {
    client,
    received,
    connection,
    [Symbol.dispose]() {
      connection.close();
      listener.close();
    },
  };
}

/** The right answer to a handshake. */
async function acceptance(key: string): Promise<string> {
  const text = new TextEncoder().encode(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-1", text));
  return [
    "HTTP/1.1 101 Switching Protocols",
    "upgrade: WebSocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${btoa(String.fromCharCode(...hash))}`,
    "Sec-WebSocket-Protocol: media",
  ].join("\r\n") + "\r\n\r\n";
}

async function write(connection: Deno.Conn, text: string | Uint8Array): Promise<void> {
  await connection.write(typeof text === "string" ? new TextEncoder().encode(text) : text);
}

Deno.test("text and audio of any length arrive unchanged and in order, both ways", async () => {
  await using line = await connected();
  const { client, received, peer } = line;
  peer.on("message", (data, isBinary) => peer.send(data as Uint8Array, { binary: isBinary }));
  peer.send("hello");
  assert.equal(await received.next(), "hello");
  const sizes = [0, 1, 125, 126, 640, 65_535, 65_536, 200_000];
  for (const size of sizes) client.sendBinary(new Uint8Array(size).map((_, i) => i));
  client.sendText("и слова");
  for (const size of sizes) {
    assert.deepEqual(await received.next(), new Uint8Array(size).map((_, i) => i));
  }
  assert.equal(await received.next(), "и слова");
  assert.equal(client.unsentBytes, 0);
});

Deno.test("a fragmented message arrives as one, and a ping between its fragments is answered", async () => {
  await using line = await connected();
  const { received, peer } = line;
  const pong = new Promise<string>((resolve) => peer.once("pong", (data) => resolve(String(data))));
  peer.send("one ", { fin: false });
  peer.ping("are you there?");
  peer.send("message", { fin: true });
  assert.equal(await received.next(), "one message");
  assert.equal(await pong, "are you there?");
});

Deno.test("the peer's close code and reason are reported, once", async () => {
  await using line = await connected();
  line.peer.close(4000, "no more calls");
  assert.equal(await line.received.closed.promise, "4000 no more calls");
  await line.client.close();
});

Deno.test("the close code of a peer that hangs up right behind it is reported", async () => {
  using line = await bareServer(async (connection, key) => {
    await write(connection, await acceptance(key));
    // Asterisk does not wait for the answer to its close frame.
    await write(connection, Uint8Array.of(0x88, 2, 0x03, 0xE8));
    await connection.closeWrite();
  });
  assert.equal(await line.received.closed.promise, "1000");
});

Deno.test("our close is orderly for both ends", async () => {
  await using line = await connected();
  const peerClosed = new Promise<number>((resolve) => line.peer.once("close", resolve));
  const peerReceived = new Promise<Uint8Array>((resolve) => line.peer.once("message", resolve));
  line.peer.send("hello");
  await line.received.next();
  line.client.sendBinary(AUDIO);
  await line.client.close();
  assert.deepEqual(new Uint8Array(await peerReceived), AUDIO);
  assert.equal(await peerClosed, 1000);
  assert.equal(await line.received.closed.promise, "1000");
  line.client.sendBinary(AUDIO);
});

Deno.test("a peer that dies without a close frame is reported as an abnormal end", async () => {
  await using line = await connected();
  line.peer.terminate();
  assert.match(await line.received.closed.promise, /^1006 /);
});

Deno.test("a peer that never answers our close is left after a second", async () => {
  using line = await bareServer(async (connection, key) => {
    await write(connection, await acceptance(key));
    await write(connection, Uint8Array.of(0x81, 2, 0x68, 0x69));
  });
  assert.equal(await line.received.next(), "hi");
  await line.client.close();
  assert.equal(await line.received.closed.promise, "1006 the peer did not close in time");
});

Deno.test("a message right behind the handshake's answer arrives, however the network cuts both", async () => {
  using line = await bareServer(async (connection, key) => {
    const answer = new TextEncoder().encode(await acceptance(key));
    const bytes = new Uint8Array([...answer, 0x82, 3, 1, 2, 3]);
    for (const byte of bytes) await connection.write(Uint8Array.of(byte));
  });
  assert.deepEqual(await line.received.next(), Uint8Array.of(1, 2, 3));
  await line.client.close();
});

for (
  const [what, answer, reason] of [
    ["refuses", "HTTP/1.1 404 Not Found\r\n\r\n", "the handshake was answered with HTTP 404"],
    ["speaks something else", "SSH-2.0-OpenSSH\r\n\r\n", "the answer to the handshake is not HTTP"],
    [
      "proves nothing",
      "HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n",
      "the answer to the handshake does not fit its key",
    ],
  ] as const
) {
  Deno.test(`a peer that ${what} is reported with its answer`, async () => {
    using line = await bareServer((connection) => write(connection, answer));
    assert.equal(await line.received.closed.promise, `1006 ${reason}`);
  });
}

for (
  const [what, bytes, code] of [
    ["is masked", encodeFrame(OPCODE.text, new Uint8Array(2)), 1002],
    ["uses an extension", Uint8Array.of(0xC1, 0), 1002],
    ["has an unknown opcode", Uint8Array.of(0x83, 0), 1002],
    ["continues nothing", Uint8Array.of(0x80, 0), 1002],
    ["is endless", Uint8Array.of(0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0), 1009],
  ] as const
) {
  Deno.test(`a frame that ${what} ends the connection, and the peer learns why`, async () => {
    using line = await bareServer(async (connection, key) => {
      await write(connection, await acceptance(key));
      await write(connection, bytes);
    });
    assert.match(await line.received.closed.promise, /^1006 the peer broke the WebSocket protocol/);
    const chunk = new Uint8Array(64);
    assert.equal(await line.connection.read(chunk), 8);
    const [first, second, ...rest] = chunk;
    assert.deepEqual([first, second], [0x88, 0x82]);
    const [high, low] = [rest[4]! ^ rest[0]!, rest[5]! ^ rest[1]!];
    assert.equal(high << 8 | low, code);
  });
}

Deno.test("a server that cannot be reached is reported", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const received = new Received();
  const client = new WebSocketClient(`ws://127.0.0.1:${port}/`, "media", received);
  assert.match(await received.closed.promise, /^1006 .*refused/i);
  await client.close();
});

Deno.test("a connection closed while it is being made ends immediately", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const received = new Received();
  const client = new WebSocketClient(`ws://127.0.0.1:${listener.addr.port}/`, "media", received);
  await client.close();
  assert.equal(await received.closed.promise, "1006 closed before it was open");
  (await listener.accept()).close();
  listener.close();
});

Deno.test("a peer that pings faster than it reads gets a few pongs, not one for each", async () => {
  const PINGS = 8000;
  using server = await bareServer(async (connection, key) => {
    await write(connection, await acceptance(key));
    // Unmasked pings without payload.
    await write(connection, new Uint8Array(2 * PINGS).map((_, i) => i % 2 === 0 ? 0x89 : 0));
  });
  const { client, connection } = server;
  let pongs = 0;
  const chunk = new Uint8Array(65_536);
  // A pong without payload: 6 bytes with the mask.
  let rest: Uint8Array = new Uint8Array();
  let closing: Promise<void> | undefined;
  for (let closed = false; !closed;) {
    const length = await connection.read(chunk);
    assert.ok(length, "the client sends its close frame before it ends");
    rest = new Uint8Array([...rest, ...chunk.subarray(0, length)]);
    while (rest.length >= 6 && rest[0] === (0x80 | OPCODE.pong)) {
      pongs++;
      rest = rest.subarray(6);
    }
    closing ??= client.close();
    closed = rest[0] === (0x80 | OPCODE.close);
  }
  await write(connection, Uint8Array.of(0x88, 0));
  await closing;
  assert.ok(pongs >= 1 && pongs <= PINGS / 10, `${pongs} pongs for ${PINGS} pings`);
});
