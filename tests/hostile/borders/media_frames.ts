// A call's audio: what a broken or hostile far end writes to the sockets of the three transports.

import { createHash } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import {
  encodeAudio,
  encodeMessage,
} from "../../../asterisk/transports/audiosocket/audiosocket_message.ts";
import { prepareMedia, TransportError } from "../../../asterisk/transports/mod.ts";
import { encodeRtp } from "../../../asterisk/transports/rtp/rtp_packet.ts";
import { FRAME_BYTES, FRAME_SAMPLES } from "../../../media/frame.ts";
import type { MediaHandlers, MediaOffer, MediaTransport } from "../../../media/transport.ts";
import { encodeFrame, OPCODE } from "../../../runtime/repairs/websocket_frame.ts";
import { writeAll } from "../../../runtime/bytes.ts";
import type { Border } from "../border.ts";
import type { Mutator } from "../mutator.ts";

/** How long a transport may take to open or to close. */
const PATIENCE_MS = 10_000;
/** Inputs after which a transport is closed even if it has survived them. */
const LONGEST_LIFE = 500;

/** The far end of one transport that is open. */
interface FarEnd extends AsyncDisposable {
  readonly transport: MediaTransport;
  send(mutator: Mutator): Promise<string>;
}

/** Audio over chan_websocket. */
export const websocketFrames = border("media-websocket", openWebsocket);
/** Audio over AudioSocket. */
export const audiosocketFrames = border("media-audiosocket", openAudioSocket);
/** Audio over RTP. */
export const rtpFrames = border("media-rtp", openRtp);

function border(name: string, open: (handlers: MediaHandlers) => Promise<FarEnd>): Border {
  return {
    name,
    share: 0.1,
    live: false,
    open() {
      let end: FarEnd | undefined;
      let over = false;
      let life = 0;
      const wrong: string[] = [];
      const handlers: MediaHandlers = {
        onFrame: ({ length }) => {
          if (length !== FRAME_SAMPLES) wrong.push(`a frame of ${length} samples`);
        },
        onMark: () => {},
        onClose: () => over = true,
      };
      const close = async () => {
        await end?.[Symbol.asyncDispose]();
        end = undefined;
      };
      return {
        async take(mutator) {
          if (over || life >= LONGEST_LIFE) await close();
          if (!end) {
            [over, life] = [false, 0];
            end = await open(handlers);
          }
          life++;
          const input = await end.send(mutator);
          await new Promise((resolve) => setImmediate(resolve));
          if (wrong.length > 0) throw new Error(wrong.splice(0).join(", "));
          return input;
        },
        [Symbol.asyncDispose]: close,
      };
    },
  };
}

/** The events of chan_websocket. */
const CONTROL = [
  {
    event: "MEDIA_START",
    connection_id: "c1",
    channel: "WebSocket/1",
    channel_id: "1.1",
    format: "slin16",
    optimal_frame_size: FRAME_BYTES,
    ptime: 20,
    channel_variables: { LANG: "en" },
  },
  { event: "MEDIA_MARK_PROCESSED", channel_id: "1.1", correlation_id: "m1" },
  { event: "MEDIA_XOFF", channel_id: "1.1" },
  { event: "MEDIA_XON", channel_id: "1.1" },
  { event: "QUEUE_DRAINED", channel_id: "1.1" },
  { event: "ERROR", channel_id: "1.1", error_text: "Queue is full" },
  { event: "DTMF_END", channel_id: "1.1", digit: "5" },
];

async function openWebsocket(handlers: MediaHandlers): Promise<FarEnd> {
  const server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const listener = await prepareMedia({ kind: "websocket" });
  const url = `ws://127.0.0.1:${server.addr.port}/media/c1`;
  const transport = listener.transport({ kind: "websocket", url });
  const opened = transport.open(handlers, AbortSignal.timeout(PATIENCE_MS));
  const conn = await server.accept();
  server.close();
  await shakeHands(conn);
  await write(conn, fromServer(encodeFrame(OPCODE.text, utf8(JSON.stringify(CONTROL[0])))));
  await opened;
  void drain(conn);
  return {
    transport,
    async send(mutator) {
      const [bytes, input] = websocketInput(mutator);
      await write(conn, bytes);
      return input;
    },
    async [Symbol.asyncDispose]() {
      close(conn);
      await transport[Symbol.asyncDispose]();
      await listener[Symbol.asyncDispose]();
    },
  };
}

function websocketInput(mutator: Mutator): [bytes: Uint8Array, input: string] {
  if (mutator.chance(0.6)) {
    const text = mutator.json(mutator.random.pick(CONTROL));
    return [fromServer(encodeFrame(OPCODE.text, utf8(text))), text];
  }
  const whole = fromServer(
    mutator.chance(0.5)
      ? encodeFrame(
        OPCODE.binary,
        mutator.noise(mutator.random.pick([0, 1, FRAME_BYTES, 641, 5000])),
      )
      : encodeFrame(mutator.below(16), utf8(String(mutator.odd()))),
  );
  // Few are damaged as frames: each ends the connection.
  const bytes = mutator.chance(0.1) ? mutator.bytes(whole) : whole;
  return [bytes, hex(bytes)];
}

async function openAudioSocket(handlers: MediaHandlers): Promise<FarEnd> {
  const listener = await prepareMedia({ kind: "audiosocket", host: "127.0.0.1", format: "slin16" });
  const { host, port, uuid } = listener.offer as Extract<MediaOffer, { kind: "audiosocket" }>;
  const transport = listener.transport({ kind: "audiosocket" });
  const opened = transport.open(handlers, AbortSignal.timeout(PATIENCE_MS));
  const stranger = await Deno.connect({ hostname: host, port });
  await write(stranger, utf8("GET / HTTP/1.1\r\n\r\n"));
  const conn = await Deno.connect({ hostname: host, port });
  await write(conn, encodeMessage(0x01, Uint8Array.fromHex(uuid.replaceAll("-", ""))));
  await opened;
  void drain(conn);
  return {
    transport,
    async send(mutator) {
      const bytes = audioSocketInput(mutator);
      await write(conn, bytes);
      return hex(bytes);
    },
    async [Symbol.asyncDispose]() {
      close(stranger);
      close(conn);
      await transport[Symbol.asyncDispose]();
      await listener[Symbol.asyncDispose]();
    },
  };
}

function audioSocketInput(mutator: Mutator): Uint8Array {
  const whole = mutator.random.pick([
    () => encodeAudio(new Int16Array(320).fill(9), 16_000),
    () => encodeMessage(0x10 + mutator.below(9), mutator.noise(mutator.below(700))),
    () => encodeMessage(0x03, utf8(String(mutator.odd()))),
    () => encodeMessage(mutator.below(256) || 2, mutator.noise(mutator.below(40))),
    () => encodeMessage(0xff, mutator.noise(mutator.below(3))),
    () => encodeMessage(0x01, mutator.noise(mutator.below(20))),
  ])();
  return mutator.chance(0.1) ? mutator.bytes(whole) : whole;
}

async function openRtp(handlers: MediaHandlers): Promise<FarEnd> {
  const [pbx, stranger] = [await udp(), await udp()];
  const ports = [31_000, 31_999] as const;
  const listener = await prepareMedia({ kind: "rtp", host: "127.0.0.1", ports, format: "ulaw" });
  const { port } = listener.offer as Extract<MediaOffer, { kind: "rtp" }>;
  const transport = listener.transport({
    kind: "rtp",
    host: "127.0.0.1",
    port: pbx.address().port,
  });
  await transport.open(handlers, AbortSignal.timeout(PATIENCE_MS));
  let sequence = 0;
  return {
    transport,
    async send(mutator) {
      const bytes = rtpInput(mutator, sequence++);
      const from = mutator.chance(0.1) ? stranger : pbx;
      await new Promise((resolve) => from.send(bytes, port, "127.0.0.1", resolve));
      return hex(bytes);
    },
    async [Symbol.asyncDispose]() {
      await transport[Symbol.asyncDispose]();
      await listener[Symbol.asyncDispose]();
      for (const socket of [pbx, stranger]) socket.close();
    },
  };
}

function rtpInput(mutator: Mutator, sequence: number): Uint8Array {
  const odd = (usual: number, most: number) => mutator.chance(0.2) ? mutator.below(most) : usual;
  return mutator.bytes(encodeRtp({
    payloadType: odd(0, 128),
    marker: mutator.chance(0.1),
    sequence: odd(sequence & 0xffff, 2 ** 16),
    timestamp: odd((sequence * 160) >>> 0, 2 ** 32),
    ssrc: odd(77, 2 ** 32),
    payload: mutator.noise(odd(160, 1400)),
  }));
}

async function udp(): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.on("message", () => {});
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
}

/** The server's half of the opening handshake (RFC 6455 section 4.2.2). */
async function shakeHands(conn: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(4096);
  let request = "";
  while (!request.includes("\r\n\r\n")) {
    const count = await conn.read(buffer);
    if (count === null) throw new TransportError("the transport closed before its handshake");
    request += new TextDecoder().decode(buffer.subarray(0, count));
  }
  const key = /sec-websocket-key: *(\S+)/i.exec(request)![1];
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  await write(
    conn,
    utf8(
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n" +
        `sec-websocket-protocol: media\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
    ),
  );
}

/** A client's frame as a server sends it: without a mask. */
function fromServer(frame: Uint8Array): Uint8Array<ArrayBuffer> {
  const short = frame[1]! & 0x7f;
  const head = short === 126 ? 4 : short === 127 ? 10 : 2;
  const mask = frame.subarray(head, head + 4);
  const payload = frame.subarray(head + 4).map((byte, i) => byte ^ mask[i & 3]!);
  const bytes = new Uint8Array(head + payload.length);
  bytes.set(frame.subarray(0, head));
  bytes[1]! &= 0x7f;
  bytes.set(payload, head);
  return bytes;
}

async function write(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  try {
    await writeAll(conn, bytes);
  } catch (error) {
    if (!gone(error)) throw error;
  }
}

/** Reads what comes back, so that nobody waits for room, until the end. */
async function drain(conn: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(16_384);
  try {
    while (await conn.read(buffer) !== null);
  } catch (error) {
    if (!gone(error)) throw error;
  }
}

/** The other end has closed, or we have. */
function gone(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted;
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function hex(bytes: Uint8Array): string {
  return bytes.subarray(0, 200).toHex() + (bytes.length > 200 ? `… (${bytes.length} bytes)` : "");
}
