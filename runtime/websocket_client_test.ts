import assert from "node:assert/strict";
import { type WebSocket, WebSocketServer } from "ws";
import { WebSocketClient } from "./websocket_client.ts";
import { encodeFrame, OPCODE } from "./websocket_frame.ts";

const AUDIO = new Uint8Array(640).map((_, i) => i);

/** What a client was told, to be waited for in order. */
class Ear {
  readonly closed = Promise.withResolvers<string>();
  readonly #told: (string | Uint8Array)[] = [];
  #waiting: PromiseWithResolvers<void> | undefined;

  onText = (text: string) => this.#tell(text);
  onBinary = (bytes: Uint8Array) => this.#tell(bytes);
  onClose = (code: number, reason: string) => this.closed.resolve(`${code} ${reason}`.trim());

  /** The next message. */
  async next(): Promise<string | Uint8Array> {
    while (this.#told.length === 0) {
      this.#waiting = Promise.withResolvers();
      await this.#waiting.promise;
    }
    return this.#told.shift()!;
  }

  #tell(message: string | Uint8Array): void {
    this.#told.push(message);
    this.#waiting?.resolve();
  }
}

/** A server that another library speaks, with one connection to it. */
async function connected() {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await new Promise((resolve) => server.once("listening", resolve));
  const peer = new Promise<WebSocket>((resolve) => server.once("connection", resolve));
  const ear = new Ear();
  const { port } = server.address() as { port: number };
  const client = new WebSocketClient(`ws://127.0.0.1:${port}/media/1?x=y`, "media", ear);
  return {
    client,
    ear,
    peer: await peer,
    async [Symbol.asyncDispose]() {
      await client.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A server that answers with bytes of the test's choice; resolves with what it was sent. */
async function bareServer(talk: (connection: Deno.TcpConn, key: string) => Promise<void>) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const ear = new Ear();
  const client = new WebSocketClient(`ws://127.0.0.1:${listener.addr.port}/`, "media", ear);
  const connection = await listener.accept();
  const chunk = new Uint8Array(4096);
  const request = new TextDecoder().decode(chunk.subarray(0, await connection.read(chunk) ?? 0));
  const key = /Sec-WebSocket-Key: (\S+)/.exec(request)![1]!;
  await talk(connection, key);
  return {
    client,
    ear,
    connection,
    [Symbol.dispose]() {
      connection.close();
      listener.close();
    },
  };
}

/** A right answer to a handshake. */
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

Deno.test("text and audio of any length arrive as they were sent, in order, both ways", async () => {
  await using line = await connected();
  const { client, ear, peer } = line;
  peer.on("message", (data, isBinary) => peer.send(data as Uint8Array, { binary: isBinary }));
  peer.send("hello");
  assert.equal(await ear.next(), "hello");
  const sizes = [0, 1, 125, 126, 640, 65_535, 65_536, 200_000];
  for (const size of sizes) client.sendBinary(new Uint8Array(size).map((_, i) => i));
  client.sendText("и слова");
  for (const size of sizes) {
    assert.deepEqual(await ear.next(), new Uint8Array(size).map((_, i) => i));
  }
  assert.equal(await ear.next(), "и слова");
  assert.equal(client.unsentBytes, 0);
});

Deno.test("a message that comes in fragments is one message, a ping between them is answered", async () => {
  await using line = await connected();
  const { ear, peer } = line;
  const pong = new Promise<string>((resolve) => peer.once("pong", (data) => resolve(String(data))));
  peer.send("one ", { fin: false });
  peer.ping("are you there?");
  peer.send("message", { fin: true });
  assert.equal(await ear.next(), "one message");
  assert.equal(await pong, "are you there?");
});

Deno.test("what the far end says of its close is told, once", async () => {
  await using line = await connected();
  line.peer.close(4000, "no more calls");
  assert.equal(await line.ear.closed.promise, "4000 no more calls");
  await line.client.close();
});

Deno.test("a far end that closes and hangs up in one breath is believed what it said", async () => {
  using line = await bareServer(async (connection, key) => {
    await write(connection, await acceptance(key));
    // Asterisk waits for no answer to its close.
    await write(connection, Uint8Array.of(0x88, 2, 0x03, 0xE8));
    await connection.closeWrite();
  });
  assert.equal(await line.ear.closed.promise, "1000");
});

Deno.test("our close is an orderly one for both ends", async () => {
  await using line = await connected();
  const told = new Promise<number>((resolve) => line.peer.once("close", resolve));
  const heard = new Promise<Uint8Array>((resolve) => line.peer.once("message", resolve));
  line.peer.send("hello");
  await line.ear.next();
  line.client.sendBinary(AUDIO);
  await line.client.close();
  assert.deepEqual(new Uint8Array(await heard), AUDIO);
  assert.equal(await told, 1000);
  assert.equal(await line.ear.closed.promise, "1000");
  line.client.sendBinary(AUDIO);
});

Deno.test("a far end that dies without a word is told as an abnormal end", async () => {
  await using line = await connected();
  line.peer.terminate();
  assert.match(await line.ear.closed.promise, /^1006 /);
});

Deno.test("a far end that never answers our close is left in a second", async () => {
  using line = await bareServer(async (connection, key) => {
    await write(connection, await acceptance(key));
    await write(connection, Uint8Array.of(0x81, 2, 0x68, 0x69));
  });
  assert.equal(await line.ear.next(), "hi");
  await line.client.close();
  assert.equal(await line.ear.closed.promise, "1006 the far end did not close in time");
});

Deno.test("a message right behind the handshake's answer is not lost, however both are cut", async () => {
  using line = await bareServer(async (connection, key) => {
    const answer = new TextEncoder().encode(await acceptance(key));
    const bytes = new Uint8Array([...answer, 0x82, 3, 1, 2, 3]);
    for (const byte of bytes) await connection.write(Uint8Array.of(byte));
  });
  assert.deepEqual(await line.ear.next(), Uint8Array.of(1, 2, 3));
  await line.client.close();
});

for (
  const [what, answer, told] of [
    ["refuses", "HTTP/1.1 404 Not Found\r\n\r\n", "it answered the handshake with HTTP 404"],
    ["speaks something else", "SSH-2.0-OpenSSH\r\n\r\n", "its answer to the handshake is not HTTP"],
    [
      "proves nothing",
      "HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n",
      "its answer to the handshake is another one's",
    ],
  ] as const
) {
  Deno.test(`a far end that ${what} is told with what it said`, async () => {
    using line = await bareServer((connection) => write(connection, answer));
    assert.equal(await line.ear.closed.promise, `1006 ${told}`);
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
  Deno.test(`a frame that ${what} ends the connection, and the far end is told why`, async () => {
    using line = await bareServer(async (connection, key) => {
      await write(connection, await acceptance(key));
      await write(connection, bytes);
    });
    assert.match(await line.ear.closed.promise, /^1006 the far end breaks the WebSocket protocol/);
    const chunk = new Uint8Array(64);
    assert.equal(await line.connection.read(chunk), 8);
    const [first, second, ...rest] = chunk;
    assert.deepEqual([first, second], [0x88, 0x82]);
    const [high, low] = [rest[4]! ^ rest[0]!, rest[5]! ^ rest[1]!];
    assert.equal(high << 8 | low, code);
  });
}

Deno.test("what claims to be the PBX but cannot be reached is told", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const ear = new Ear();
  const client = new WebSocketClient(`ws://127.0.0.1:${port}/`, "media", ear);
  assert.match(await ear.closed.promise, /^1006 .*refused/i);
  await client.close();
});

Deno.test("a connection that is closed while it is being made ends at once", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const ear = new Ear();
  const client = new WebSocketClient(`ws://127.0.0.1:${listener.addr.port}/`, "media", ear);
  await client.close();
  assert.equal(await ear.closed.promise, "1006 closed before it was open");
  (await listener.accept()).close();
  listener.close();
});
