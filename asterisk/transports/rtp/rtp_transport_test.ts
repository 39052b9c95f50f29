import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import type { Pcm } from "../../../media/frame.ts";
import { ManualTime } from "../../../testing/manual_time.ts";
import type { MediaOffer, MediaTransport } from "../../../media/transport.ts";
import { LineLog } from "../../../testing/line_log.ts";
import { bindInRange, listenRtp } from "./rtp_transport.ts";
import { RTP_CODECS } from "./rtp_codec.ts";
import { decodeRtp, encodeRtp, type RtpPacket } from "./rtp_packet.ts";

type Offer = Extract<MediaOffer, { kind: "rtp" }>;
type Format = Offer["format"];

const PORTS = [30_000, 30_999] as const;
const FOREVER = new AbortController().signal;

/** The PBX's end of the leg, or a stranger's. */
class Peer implements AsyncDisposable {
  readonly #packets: RtpPacket[] = [];
  #news = Promise.withResolvers<void>();
  readonly ssrc = 77;

  private constructor(readonly socket: Socket, readonly format: Format) {
    socket.on("message", (datagram) => {
      this.#packets.push(decodeRtp(datagram)!);
      this.#news.resolve();
      this.#news = Promise.withResolvers();
    });
  }

  static async bind(format: Format): Promise<Peer> {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    return new Peer(socket, format);
  }

  get port(): number {
    return this.socket.address().port;
  }

  async next(): Promise<RtpPacket> {
    while (this.#packets.length === 0) await this.#news.promise;
    return this.#packets.shift()!;
  }

  /** Sends 20 ms of `value`. */
  say(to: MediaOffer, sequence: number, value: number, changes: Partial<RtpPacket> = {}) {
    const codec = RTP_CODECS[this.format];
    return this.sendBytes(
      to,
      encodeRtp({
        payloadType: codec.payloadType,
        marker: false,
        sequence: sequence & 0xffff,
        timestamp: sequence * 160,
        ssrc: this.ssrc,
        payload: codec.encode(new Int16Array(160).fill(value)),
        ...changes,
      }),
    );
  }

  sendBytes(to: MediaOffer, bytes: Uint8Array): Promise<void> {
    const { host, port } = to as Offer;
    return new Promise((resolve, reject) =>
      this.socket.send(bytes, port, host, (error) => error ? reject(error) : resolve())
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.socket.close(() => resolve()));
  }
}

interface Leg {
  readonly time: ManualTime;
  readonly log: LineLog;
  readonly transport: MediaTransport;
  readonly pbx: Peer;
  readonly offer: MediaOffer;
}

/** Runs `test` on an open leg whose clock the test moves. */
async function onLeg(
  test: (leg: Leg) => Promise<void>,
  format: Format = "ulaw",
): Promise<void> {
  const time = new ManualTime();
  await using pbx = await Peer.bind(format);
  const plan = { kind: "rtp", host: "127.0.0.1", ports: PORTS, format } as const;
  await using listener = await listenRtp(plan, { time });
  const address = { kind: "rtp", host: "127.0.0.1", port: pbx.port } as const;
  await using transport = listener.transport(address);
  const log = new LineLog();
  await transport.open(log, FOREVER);
  await test({ time, log, transport, pbx, offer: listener.offer });
}

/** The level of each frame, in thousands: resampling blurs the edges between packets. */
function levels(frames: readonly Pcm[]): number[] {
  return frames.map((frame) => Math.round(frame[200]! / 1000));
}

function speech(frames: number, value: number): Pcm {
  return new Int16Array(320 * frames).fill(value);
}

for (const format of ["ulaw", "alaw"] as const) {
  Deno.test(`caller and bot hear each other over ${format}`, () =>
    onLeg(async ({ time, log, transport, pbx, offer }) => {
      for (let n = 0; n < 10; n++) await pbx.say(offer, n, 4000);
      await log.until(({ frames }) => frames.length === 10);
      assert.ok(Math.abs(log.frames[5]![160]! - 4000) < 150);

      transport.out.send(speech(5, 6000));
      transport.out.endOfPhrase("p1");
      for (let beat = 0; beat < 6; beat++) {
        time.advance(20);
        const packet = await pbx.next();
        const pcm = RTP_CODECS[format].decode(packet.payload);
        assert.equal(pcm.length, 160);
        const expected = beat < 5 ? 6000 : 0;
        if (beat > 0) assert.ok(Math.abs(pcm[80]! - expected) < 250, `beat ${beat}: ${pcm[80]}`);
      }
      assert.deepEqual(log.marks, ["p1"]);
    }, format));
}

Deno.test("the PBX gets a packet every 20 ms even while the bot thinks, numbered by RFC 3550", () =>
  onLeg(async ({ time, transport, pbx }) => {
    const packets: RtpPacket[] = [];
    const beat = async (count: number) => {
      for (let i = 0; i < count; i++) {
        time.advance(20);
        packets.push(await pbx.next());
      }
    };
    await beat(3);
    transport.out.send(speech(2, 100));
    transport.out.endOfPhrase("p1");
    await beat(4);
    time.stall(1000);
    packets.push(await pbx.next());
    await beat(1);

    const [first] = packets;
    packets.forEach((packet, i) => {
      assert.equal(packet.ssrc, first!.ssrc);
      assert.equal(packet.sequence, (first!.sequence + i) & 0xffff);
      const beats = i < 7 ? i : i + 49;
      assert.equal(packet.timestamp, (first!.timestamp + beats * 160) >>> 0, `packet ${i}`);
    });
    assert.deepEqual(packets.map(({ marker }) => marker), [
      ...[false, false, false],
      ...[true, false, false, false],
      ...[true, false],
    ]);
  }));

Deno.test("packets from another address are dropped and counted, whatever they claim to be", () =>
  onLeg(async ({ log, transport, pbx, offer }) => {
    await using stranger = await Peer.bind("ulaw");
    await stranger.say(offer, 0, 1000);
    await stranger.say(offer, 1, 1000);
    await pbx.say(offer, 0, 9000);
    await log.until(({ frames }) => frames.length === 1);
    assert.deepEqual(levels(log.frames), [9]);
    assert.equal(transport.stats.packetsFromElsewhere, 2);
  }));

Deno.test("packets of a wrong type or length are dropped and counted", () =>
  onLeg(async ({ log, transport, pbx, offer }) => {
    await pbx.say(offer, 0, 1, { payloadType: 8 });
    await pbx.say(offer, 0, 1, { payloadType: 13 });
    await pbx.say(offer, 0, 1, { payload: new Uint8Array(0) });
    await pbx.say(offer, 0, 1, { payload: new Uint8Array(20_000) });
    await pbx.sendBytes(offer, Uint8Array.of(1, 2, 3));
    await pbx.sendBytes(offer, new Uint8Array(0));
    await pbx.say(offer, 0, 9000);
    await log.until(({ frames }) => frames.length === 1);
    assert.deepEqual(levels(log.frames), [9]);
    assert.equal(transport.stats.packetsWrongPayload, 2);
    assert.equal(transport.stats.packetsMalformed, 4);
  }));

Deno.test("reordered, repeated and lost packets: the caller is heard in order and without a gap", () =>
  onLeg(async ({ time, log, transport, pbx, offer }) => {
    for (const n of [10, 12, 11, 11, 14]) await pbx.say(offer, n, n * 1000);
    await log.until(({ frames }) => frames.length === 3);
    while (log.frames.length < 5) {
      time.advance(20);
      await pbx.next();
    }
    assert.deepEqual(levels(log.frames).slice(0, 3), [10, 11, 12]);
    assert.equal(levels(log.frames)[4], 14);
    const { packetsDuplicate, packetsReordered, packetsLost } = transport.stats;
    assert.deepEqual({ packetsDuplicate, packetsReordered, packetsLost }, {
      packetsDuplicate: 1,
      packetsReordered: 1,
      packetsLost: 1,
    });
  }));

Deno.test("audio that starts late, or from a new sender on the PBX, is heard from its first packet", () =>
  onLeg(async ({ time, log, transport, pbx, offer }) => {
    time.advance(60_000);
    await pbx.say(offer, 65_535, 1000);
    await pbx.say(offer, 65_536, 2000);
    await log.until(({ frames }) => frames.length === 2);
    time.advance(100);
    await pbx.say(offer, 300, 3000, { ssrc: 78 });
    await pbx.say(offer, 301, 4000, { ssrc: 78 });
    await log.until(({ frames }) => frames.length === 4);
    assert.deepEqual(levels(log.frames), [1, 2, 3, 4]);
    assert.equal(transport.stats.streamRestarts, 1);
  }));

Deno.test("who speaks into the PBX's running stream with an identity of their own is not heard", () =>
  onLeg(async ({ time, log, transport, pbx, offer }) => {
    await pbx.say(offer, 1, 1000);
    for (let nth = 0; nth < 5; nth++) {
      await pbx.say(offer, 500 + nth, 9000, { ssrc: 666 + nth });
      time.advance(20);
      await pbx.say(offer, 2 + nth, 1000);
    }
    await log.until(({ frames }) => frames.length === 6);
    assert.ok(levels(log.frames).every((level) => level < 2), String(levels(log.frames)));
    assert.equal(transport.stats.packetsOfOtherStream, 5);
    assert.equal(transport.stats.streamRestarts, 0);
  }));

Deno.test("a flood of datagrams that are no audio of this call is counted, and the call goes on", () =>
  onLeg(async ({ log, transport, pbx, offer }) => {
    await using stranger = await Peer.bind("ulaw");
    await pbx.say(offer, 1, 1000);
    const hostile = [
      new Uint8Array(0),
      new Uint8Array(11),
      new Uint8Array(1400).fill(0xff),
      encodeRtp({
        payloadType: 0,
        marker: false,
        sequence: 2,
        timestamp: 0,
        ssrc: 77,
        payload: new Uint8Array(2000),
      }),
    ];
    for (let nth = 0; nth < 5; nth++) {
      for (const bytes of hostile) {
        await pbx.sendBytes(offer, bytes);
        await stranger.sendBytes(offer, bytes);
      }
    }
    await pbx.say(offer, 2, 1000);
    await log.until(({ frames }) => frames.length === 2);
    assert.deepEqual(levels(log.frames), [1, 1]);
    assert.deepEqual(log.ends, []);
    assert.ok(transport.stats.packetsMalformed! > 0);
    assert.ok(transport.stats.packetsFromElsewhere! > 0);
  }));

Deno.test("calls begun together get a port each; when the range is used up, the error names the settings", async () => {
  const plan = { kind: "rtp", host: "127.0.0.1", ports: [31_000, 31_001], format: "ulaw" } as const;
  await using one = await listenRtp(plan);
  await using two = await listenRtp(plan);
  const ports = [one, two].map(({ offer }) => (offer as Offer).port).sort();
  assert.deepEqual(ports, [31_000, 31_001]);
  await assert.rejects(listenRtp(plan), /RTP_PORT_MIN/);
});

Deno.test("an address that this machine does not have is an error that names it", async () => {
  const plan = { kind: "rtp", host: "192.0.2.1", ports: PORTS, format: "ulaw" } as const;
  await assert.rejects(listenRtp(plan), /192\.0\.2\.1/);
});

Deno.test("ending the call leaves no socket and no timer", async () => {
  const time = new ManualTime();
  const plan = { kind: "rtp", host: "127.0.0.1", ports: PORTS, format: "ulaw" } as const;
  await using listener = await listenRtp(plan, { time });
  const transport = listener.transport({ kind: "rtp", host: "127.0.0.1", port: 9 });
  await transport.open(new LineLog(), FOREVER);
  time.advance(100);
  await transport[Symbol.asyncDispose]();
  assert.equal(time.pending, 0);
  transport.out.send(speech(1, 1));
  await transport.out.flush();
});

for (
  const [what, fault] of [
    ["fails", (socket: Socket) => void socket.emit("error", new Error("ENOBUFS"))],
    ["closes by itself", (socket: Socket) => void socket.close()],
  ] as const
) {
  Deno.test(`a call whose RTP socket ${what} is told once that its audio is lost, and can be let go`, async () => {
    const time = new ManualTime();
    let socket: Socket | undefined;
    const plan = { kind: "rtp", host: "127.0.0.1", ports: PORTS, format: "ulaw" } as const;
    await using listener = await listenRtp(plan, { time }, async (host, ports) => {
      return socket = await bindInRange(host, ports);
    });
    const log = new LineLog();
    {
      await using transport = listener.transport({ kind: "rtp", host: "127.0.0.1", port: 9 });
      await transport.open(log, FOREVER);
      fault(socket!);
      await log.until(({ ends }) => ends.length > 0);
      time.advance(100);
    }
    assert.deepEqual(log.ends.map(({ reason }) => reason), ["lost"]);
    assert.equal(time.pending, 0);
  });
}
