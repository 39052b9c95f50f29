import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { encodeRtp } from "../../../asterisk/transports/rtp/rtp_packet.ts";
import { Arrivals } from "./arrivals.ts";

/** capabilities(7). */
const CAP_NET_RAW = 13n;
/** Largest error of the comparison of clocks. */
const CLOCKS_MS = 0.1;

const ignore = !mayReadPackets();

Deno.test({
  name: "a packet that is read late has its time of arrival, not the time of the reading",
  ignore,
  async fn() {
    using arrivals = new Arrivals();
    await using line = await Line.open();
    arrivals.listenTo(line.port);
    for (const sequence of [7, 65_535]) {
      const before = performance.now();
      await line.send(sequence);
      const after = performance.now();
      while (performance.now() < after + 20) { /* The reader is late. */ }
      const at = arrivals.of(line.port, sequence);
      assert.ok(at !== undefined, "the kernel reported it");
      assert.ok(before <= at && at <= after + CLOCKS_MS, `${before} <= ${at} <= ${after}`);
    }
  },
});

Deno.test({
  name: "a packet's time is given once, and only for ports that are listened to",
  ignore,
  async fn() {
    using arrivals = new Arrivals();
    await using line = await Line.open();
    await line.send(1);
    assert.equal(arrivals.of(line.port, 1), undefined);
    arrivals.listenTo(line.port);
    await line.send(2);
    assert.notEqual(arrivals.of(line.port, 2), undefined);
    assert.equal(arrivals.of(line.port, 2), undefined);
    arrivals.forget(line.port);
    await line.send(3);
    assert.equal(arrivals.of(line.port, 3), undefined);
  },
});

/** A socket that sends RTP packets to itself. */
class Line implements AsyncDisposable {
  readonly #socket = createSocket("udp4");

  static async open(): Promise<Line> {
    const line = new Line();
    line.#socket.bind(0, "127.0.0.1");
    await once(line.#socket, "listening");
    return line;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Resolves when the kernel has the packet. */
  async send(sequence: number): Promise<void> {
    const payload = new Uint8Array(160);
    const header = { payloadType: 0, marker: false, timestamp: 0, ssrc: 1 };
    const sent = Promise.withResolvers<void>();
    this.#socket.send(
      encodeRtp({ ...header, sequence, payload }),
      this.port,
      "127.0.0.1",
      (error) => error ? sent.reject(error) : sent.resolve(),
    );
    await sent.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, "close");
    this.#socket.close();
    await closed;
  }
}

function mayReadPackets(): boolean {
  if (Deno.build.os !== "linux") return false;
  const status = Deno.readTextFileSync("/proc/self/status");
  const capabilities = BigInt(`0x${/^CapEff:\s*(\w+)/m.exec(status)?.[1] ?? 0}`);
  return (capabilities >> CAP_NET_RAW & 1n) === 1n;
}
