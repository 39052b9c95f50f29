import assert from "node:assert/strict";
import type { Pcm } from "../../../media/frame.ts";
import { ManualTime } from "../../../testing/manual_time.ts";
import type { MediaOffer, MediaTransport } from "../../../media/transport.ts";
import { listenAudioSocket } from "./audiosocket_transport.ts";
import {
  type AudioSocketMessage,
  AudioSocketReader,
  encodeAudio,
  encodeMessage,
} from "./audiosocket_message.ts";
import { LineLog } from "../../../testing/line_log.ts";

type Offer = Extract<MediaOffer, { kind: "audiosocket" }>;

const PLAN = { kind: "audiosocket", host: "127.0.0.1", format: "slin16" } as const;
const FOREVER = new AbortController().signal;

function uuidMessage(uuid: string): Uint8Array<ArrayBuffer> {
  return encodeMessage(0x01, Uint8Array.fromHex(uuid.replaceAll("-", "")));
}

/** The PBX's end of the connection. */
class Pbx implements Disposable {
  readonly #reader = new AudioSocketReader();
  readonly #read: AudioSocketMessage[] = [];

  constructor(readonly conn: Deno.TcpConn) {}

  static async connect(offer: MediaOffer, uuid?: string): Promise<Pbx> {
    const { host, port, uuid: right } = offer as Offer;
    const conn = await Deno.connect({ hostname: host, port });
    const pbx = new Pbx(conn);
    try {
      await pbx.write(uuidMessage(uuid ?? right));
      return pbx;
    } catch (error) {
      conn.close();
      throw error;
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.conn.write(bytes);
  }

  /** The next message, or undefined when the connection has ended. */
  async next(): Promise<AudioSocketMessage | undefined> {
    const buffer = new Uint8Array(4096);
    while (this.#read.length === 0) {
      const count = await this.conn.read(buffer);
      if (count === null) return undefined;
      this.#read.push(...this.#reader.push(buffer.subarray(0, count)));
    }
    return this.#read.shift();
  }

  /** The first sample of the next message, which must be audio. */
  async nextSample(): Promise<number> {
    const message = await this.next();
    assert.equal(message?.kind, "audio");
    return (message as { pcm: Pcm }).pcm[0]!;
  }

  [Symbol.dispose](): void {
    this.conn.close();
  }
}

interface Line {
  readonly time: ManualTime;
  readonly log: LineLog;
  readonly transport: MediaTransport;
  readonly pbx: Pbx;
  readonly offer: MediaOffer;
}

/** Runs `test` on a connected line whose clock the test moves. */
async function onLine(
  test: (line: Line) => Promise<void>,
  format: "slin" | "slin16" = "slin16",
): Promise<void> {
  const time = new ManualTime();
  await using listener = await listenAudioSocket({ ...PLAN, format }, { time });
  await using transport = listener.transport({ kind: "audiosocket" });
  const log = new LineLog();
  const opened = transport.open(log, FOREVER);
  using pbx = await Pbx.connect(listener.offer);
  await opened;
  await test({ time, log, transport, pbx, offer: listener.offer });
}

function speech(frames: number, value: number): Pcm {
  return new Int16Array(320 * frames).fill(value);
}

Deno.test("the caller is heard from the first frame, in order, even when TCP splits frames anywhere", () =>
  onLine(async ({ log, pbx }) => {
    const bytes = [1, 2, 3].flatMap((n) => [...encodeAudio(speech(1, n), 16_000)]);
    for (let at = 0; at < bytes.length; at += 301) {
      await pbx.write(Uint8Array.from(bytes.slice(at, at + 301)));
    }
    await log.until(({ frames }) => frames.length === 3);
    assert.deepEqual(log.frames.map((frame) => [frame[0], frame[319]]), [[1, 1], [2, 2], [3, 3]]);
  }));

Deno.test("a phrase leaves a frame every 20 ms, with silence around it and its mark after it", () =>
  onLine(async ({ time, log, transport, pbx }) => {
    transport.out.send(speech(2, 500));
    transport.out.endOfPhrase("p1");
    const heard: number[] = [];
    for (let beat = 0; beat < 4; beat++) {
      time.advance(20);
      heard.push(await pbx.nextSample());
    }
    assert.deepEqual(heard, [500, 500, 0, 0]);
    assert.deepEqual(log.marks, ["p1"]);
  }));

Deno.test("a frame waits until the PBX has taken the previous one, and none is lost", () =>
  onLine(async ({ time, transport, pbx }) => {
    transport.out.send(speech(1, 500));
    transport.out.send(speech(1, 600));
    time.advance(20);
    time.advance(20);
    assert.equal(transport.stats.framesHeld, 1);
    assert.equal(await pbx.nextSample(), 500);
    time.advance(20);
    assert.equal(await pbx.nextSample(), 600);
  }));

Deno.test("a caller who talks over the bot hears at most one more frame of it", () =>
  onLine(async ({ time, log, transport, pbx }) => {
    transport.out.send(speech(50, 500));
    transport.out.endOfPhrase("cut");
    time.advance(20);
    assert.equal(await pbx.nextSample(), 500);
    transport.out.pause();
    time.advance(20);
    assert.equal(await pbx.nextSample(), 0);
    assert.equal(transport.out.bufferedMs, 980);
    const flushed = transport.out.flush();
    time.advance(20);
    await flushed;
    assert.equal(await pbx.nextSample(), 0);
    assert.deepEqual(log.marks, []);
  }));

Deno.test("a PBX limited to 8 kHz is heard, and hears us, through a 16 kHz service", () =>
  onLine(async ({ time, log, transport, pbx }) => {
    for (let n = 0; n < 10; n++) {
      await pbx.write(encodeAudio(new Int16Array(160).fill(2000), 8000));
    }
    await log.until(({ frames }) => frames.length === 10);
    assert.ok(Math.abs(log.frames[5]![100]! - 2000) < 40);

    transport.out.send(speech(10, 3000));
    transport.out.endOfPhrase("p1");
    for (let beat = 0; beat < 5; beat++) {
      time.advance(20);
      const message = await pbx.next();
      assert.ok(message?.kind === "audio" && message.sampleRateHz === 8000);
      assert.equal(message.pcm.length, 160);
      if (beat > 0) assert.ok(Math.abs(message.pcm[80]! - 3000) < 60);
    }
  }, "slin"));

Deno.test("a key on the line is left to ARI, and the call continues", () =>
  onLine(async ({ log, transport, pbx }) => {
    await pbx.write(encodeMessage(0x03, new TextEncoder().encode("#")));
    await pbx.write(encodeAudio(speech(1, 9), 16_000));
    await log.until(({ frames }) => frames.length === 1);
    assert.equal(transport.stats.badMessages, 0);
    assert.deepEqual(log.ends, []);
  }));

Deno.test("a hang-up message and a closed connection are hang-ups", async () => {
  await onLine(async ({ log, pbx }) => {
    await pbx.write(encodeMessage(0x00, new Uint8Array()));
    await log.until(({ ends }) => ends.length === 1);
    assert.equal(log.ends[0]!.reason, "hangup");
  });
  await onLine(async ({ log, pbx }) => {
    await pbx.conn.closeWrite();
    await log.until(({ ends }) => ends.length === 1);
    assert.equal(log.ends[0]!.reason, "hangup");
  });
});

Deno.test("a connection that ends within a frame is lost, not hung up", () =>
  onLine(async ({ log, pbx }) => {
    await pbx.write(encodeAudio(speech(1, 1), 16_000).subarray(0, 100));
    await pbx.conn.closeWrite();
    await log.until(({ ends }) => ends.length === 1);
    assert.equal(log.ends[0]!.reason, "lost");
    assert.deepEqual(log.frames, []);
  }));

Deno.test("messages of a wrong type, rate or length are dropped and counted, and the call continues", () =>
  onLine(async ({ log, transport, pbx }) => {
    await pbx.write(encodeMessage(0x42, new Uint8Array(10)));
    await pbx.write(encodeAudio(speech(1, 1), 8000));
    await pbx.write(encodeMessage(0x12, new Uint8Array(641)));
    await pbx.write(encodeMessage(0x12, new Uint8Array(40_000)));
    await pbx.write(encodeMessage(0x03, new Uint8Array([7, 7])));
    await pbx.write(uuidMessage(crypto.randomUUID()));
    await pbx.write(encodeAudio(speech(1, 9), 16_000));
    await log.until(({ frames }) => frames.length === 1);
    assert.equal(log.frames[0]![0], 9);
    assert.equal(transport.stats.badMessages, 6);
    assert.deepEqual(log.ends, []);
  }));

Deno.test("a connection with a wrong UUID, or none, is refused, and the right one is still accepted", async () => {
  await using listener = await listenAudioSocket(PLAN);
  const { host, port } = listener.offer as Offer;
  using stranger = await Pbx.connect(listener.offer, crypto.randomUUID());
  assert.equal(await stranger.next(), undefined, "the stranger is disconnected");
  using mute = new Pbx(await Deno.connect({ hostname: host, port }));
  await mute.write(encodeAudio(speech(1, 1), 16_000));
  assert.equal(await mute.next(), undefined, "one that starts with audio is disconnected");

  await using transport = listener.transport({ kind: "audiosocket" });
  const log = new LineLog();
  using right = await Pbx.connect(listener.offer);
  await transport.open(log, FOREVER);
  await right.write(encodeAudio(speech(1, 5), 16_000));
  await log.until(({ frames }) => frames.length === 1);
  assert.equal(transport.stats.connectionsRefused, 2);
});

Deno.test("a connection that never sends a UUID is closed", async () => {
  const time = new ManualTime();
  await using listener = await listenAudioSocket(PLAN, { time });
  const { host, port } = listener.offer as Offer;
  using silent = new Pbx(await Deno.connect({ hostname: host, port }));
  using prompt = await Pbx.connect(listener.offer, crypto.randomUUID());
  assert.equal(await prompt.next(), undefined);
  time.advance(2000);
  assert.equal(await silent.next(), undefined);
});

Deno.test("once the PBX is connected no other connection is accepted, even with the right UUID", () =>
  onLine(async ({ time, pbx, offer }) => {
    // Refused, or reset when the kernel had already accepted the connection.
    const late = await Pbx.connect(offer).catch((error) => assert.match(error.message, /os error/));
    if (late) assert.equal(await late.next().catch(() => undefined), undefined);
    late?.[Symbol.dispose]();
    time.advance(20);
    assert.equal(await pbx.nextSample(), 0);
  }));

Deno.test("when the PBX does not connect in time, the error says what to check", async () => {
  await using listener = await listenAudioSocket(PLAN);
  await using transport = listener.transport({ kind: "audiosocket" });
  const given = AbortSignal.abort(new Error("5000 ms are over"));
  await assert.rejects(transport.open(new LineLog(), given), /chan_audiosocket/);
});

Deno.test("ending the call sends the PBX a hang-up and leaves no socket and no timer", async () => {
  const time = new ManualTime();
  const listener = await listenAudioSocket(PLAN, { time });
  const transport = listener.transport({ kind: "audiosocket" });
  const log = new LineLog();
  using pbx = await Pbx.connect(listener.offer);
  await transport.open(log, FOREVER);
  await transport[Symbol.asyncDispose]();
  assert.deepEqual(await pbx.next(), { kind: "hangup" });
  assert.equal(await pbx.next(), undefined);
  assert.deepEqual(log.ends, []);
  assert.equal(time.pending, 0);
  transport.out.send(speech(1, 1));
  await transport.out.flush();
});

Deno.test("an address of another kind is refused", async () => {
  await using listener = await listenAudioSocket(PLAN);
  assert.throws(() => listener.transport({ kind: "files" }), TypeError);
});
