import assert from "node:assert/strict";
import {
  FRAME_BYTES,
  FRAME_MS,
  FRAME_SAMPLES,
  type Pcm,
  pcmToBytes,
} from "../../../media/frame.ts";
import { ManualTime } from "../../../testing/manual_time.ts";
import type { MediaHandlers, MediaTransport } from "../../../media/transport.ts";
import { TransportError } from "../error.ts";
import { LONGEST_MARK_ID } from "./control_message.ts";
import { WebsocketTransport } from "./websocket_transport.ts";

const START = { event: "MEDIA_START", format: "slin16", optimal_frame_size: FRAME_BYTES };
const LIMIT = () => AbortSignal.timeout(5000);

/** The PBX's end of one media socket: keeps what it receives, sends what the test wants. */
class PbxEnd implements AsyncDisposable {
  /** Frames as their first sample, commands as their names, in order of arrival. */
  readonly received: (number | string)[] = [];
  /** Correlation ids of the marks, in order. */
  readonly marks: string[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #opened = Promise.withResolvers<WebSocket>();
  #waiting: { readonly what: number | string; readonly resolve: () => void }[] = [];

  constructor(greeting: unknown = START) {
    this.#server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      (request) => {
        const { socket, response } = Deno.upgradeWebSocket(request, { protocol: "media" });
        socket.binaryType = "arraybuffer";
        socket.onopen = () => {
          if (greeting) socket.send(JSON.stringify(greeting));
          this.#opened.resolve(socket);
        };
        socket.onmessage = ({ data }) => this.#receive(data);
        return response;
      },
    );
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#server.addr.port}/media/id-1`;
  }

  async say(message: object | string | Uint8Array<ArrayBuffer>): Promise<void> {
    const raw = typeof message === "string" || message instanceof Uint8Array;
    (await this.#opened.promise).send(raw ? message : JSON.stringify(message));
  }

  async close(code: number): Promise<void> {
    (await this.#opened.promise).close(code);
  }

  /** Resolves when this has arrived (a frame's first sample, or a command's name). */
  arrived(what: number | string): Promise<void> {
    if (this.received.includes(what)) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ what, resolve });
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  #receive(data: string | ArrayBuffer): void {
    const what = typeof data === "string" ? this.#command(data) : new Int16Array(data)[0]!;
    this.received.push(what);
    for (const { what: wanted, resolve } of this.#waiting) if (wanted === what) resolve();
  }

  #command(text: string): string {
    assert(new TextEncoder().encode(text).byteLength <= 128, `too long for the PBX: ${text}`);
    const { command, correlation_id } = JSON.parse(text);
    if (correlation_id !== undefined) this.marks.push(correlation_id);
    return command;
  }
}

/** Everything the transport reported, in order. */
class Reports implements MediaHandlers {
  readonly frames: Pcm[] = [];
  readonly seen: string[] = [];
  #waiting: { readonly what: string; readonly resolve: () => void }[] = [];

  onFrame(frame: Pcm): void {
    this.frames.push(frame);
    this.#note(`frame ${frame[0]}`);
  }
  onMark(markId: string): void {
    this.#note(`mark ${markId}`);
  }
  onClose(reason: string): void {
    this.#note(`close ${reason}`);
  }

  until(what: string): Promise<void> {
    if (this.seen.includes(what)) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ what, resolve });
    return promise;
  }

  #note(what: string): void {
    this.seen.push(what);
    for (const { what: wanted, resolve } of this.#waiting) if (wanted === what) resolve();
  }
}

/** Frames whose first samples are `first`, `first` + 1, … */
function frames(first: number, count: number): Pcm {
  const pcm = new Int16Array(count * FRAME_SAMPLES);
  for (let i = 0; i < count; i++) pcm[i * FRAME_SAMPLES] = first + i;
  return pcm;
}

/** One frame on the wire whose first sample is `first`. */
function wireFrame(first: number): Uint8Array<ArrayBuffer> {
  return pcmToBytes(frames(first, 1));
}

async function opened(pbx: PbxEnd): Promise<{ transport: MediaTransport; reports: Reports }> {
  const reports = new Reports();
  const transport = new WebsocketTransport(pbx.url);
  await transport.open(reports, LIMIT());
  return { transport, reports };
}

Deno.test("a phrase of any length reaches the PBX whole: frames in order, the last one padded, then its mark", async () => {
  await using pbx = new PbxEnd();
  const { transport, reports } = await opened(pbx);
  await using _ = transport;
  transport.out.send(frames(1, 3).subarray(0, 2.5 * FRAME_SAMPLES) as Pcm);
  transport.out.endOfPhrase("e12");
  await pbx.arrived("MARK_MEDIA");
  assert.deepEqual(pbx.received, [1, 2, 3, "MARK_MEDIA"]);
  assert.deepEqual(pbx.marks, ["e12"], "the id of the phrase, as it is");
  await pbx.say({ event: "MEDIA_MARK_PROCESSED", correlation_id: pbx.marks[0] });
  await reports.until("mark e12");
  assert.equal(transport.out.bufferedMs, 0);
});

Deno.test("a mark whose id would make the PBX drop the message is refused; the longest allowed one arrives", async () => {
  await using pbx = new PbxEnd();
  const { transport } = await opened(pbx);
  await using _ = transport;
  assert.throws(() => transport.out.endOfPhrase("e".repeat(LONGEST_MARK_ID + 1)), RangeError);
  transport.out.endOfPhrase("e".repeat(LONGEST_MARK_ID));
  await pbx.arrived("MARK_MEDIA");
  assert.deepEqual(pbx.marks, ["e".repeat(LONGEST_MARK_ID)]);
});

Deno.test("the caller's audio arrives in frames of 20 ms, however the PBX cuts it", async () => {
  await using pbx = new PbxEnd();
  const { transport, reports } = await opened(pbx);
  await using _ = transport;
  const audio = pcmToBytes(frames(1, 4));
  await pbx.say(audio.slice(0, 100));
  await pbx.say(audio.slice(100, 1500));
  await pbx.say(audio.slice(1500));
  await reports.until("frame 4");
  assert.deepEqual(reports.frames.map((frame) => frame.length), Array(4).fill(FRAME_SAMPLES));
  assert.deepEqual(reports.seen, ["frame 1", "frame 2", "frame 3", "frame 4"]);
});

Deno.test("audio before MEDIA_START is heard", async () => {
  await using pbx = new PbxEnd(null);
  const reports = new Reports();
  await using transport = new WebsocketTransport(pbx.url);
  const opening = transport.open(reports, LIMIT());
  await pbx.say(wireFrame(1));
  await pbx.say(START);
  await opening;
  assert.deepEqual(reports.seen, ["frame 1"]);
});

Deno.test("text that is not JSON, an odd byte count or an unknown event does not end the call", async () => {
  await using pbx = new PbxEnd();
  const { transport, reports } = await opened(pbx);
  await using _ = transport;
  await pbx.say("MEDIA_XOFF");
  await pbx.say({ event: "DTMF_END" });
  await pbx.say({ event: "NEW_IN_SOME_VERSION" });
  await pbx.say({ event: "ERROR", error_text: "Unable to parse JSON command" });
  await pbx.say({ event: "MEDIA_MARK_PROCESSED", correlation_id: "never sent" });
  await pbx.say(new Uint8Array(641));
  await pbx.say(wireFrame(7));
  await pbx.say(wireFrame(8));
  await reports.until("frame 8");
  assert.deepEqual(reports.seen, ["frame 7", "frame 8"]);
  assert.equal(transport.stats.badMessages, 2);
});

Deno.test("a key on the line is left to ARI, and the call continues", async () => {
  await using pbx = new PbxEnd();
  const { transport, reports } = await opened(pbx);
  await using _ = transport;
  await pbx.say({ event: "DTMF_END", channel_id: "em-1", digit: "#" });
  await pbx.say(wireFrame(7));
  await reports.until("frame 7");
  assert.deepEqual(reports.seen, ["frame 7"]);
});

Deno.test("after XOFF audio waits here, and is sent in order after XON", async () => {
  await using pbx = new PbxEnd();
  const { transport, reports } = await opened(pbx);
  await using _ = transport;
  transport.out.send(frames(1, 1));
  transport.out.endOfPhrase("a");
  await pbx.say({ event: "MEDIA_XOFF" });
  await pbx.say(wireFrame(9));
  await reports.until("frame 9");
  assert(transport.out.bufferedMs > 800 * FRAME_MS, "the PBX said that its queue is full");
  assert.equal(transport.stats.queueFull, 1);
  transport.out.send(frames(2, 2));
  transport.out.endOfPhrase("b");
  transport.out.send(frames(4, 1));
  await pbx.say({ event: "MEDIA_MARK_PROCESSED", correlation_id: pbx.marks[0] });
  await reports.until("mark a");
  transport.out.pause();
  transport.out.resume();
  await pbx.arrived("CONTINUE_MEDIA");
  const before = [1, "MARK_MEDIA", "PAUSE_MEDIA", "CONTINUE_MEDIA"];
  assert.deepEqual(pbx.received, before);
  await pbx.say({ event: "MEDIA_XON" });
  await pbx.arrived(4);
  assert.deepEqual(pbx.received, [...before, 2, 3, "MARK_MEDIA", 4]);
  assert.equal(transport.stats.framesSent, 4);
});

Deno.test("more audio than the PBX can queue waits here", async () => {
  await using pbx = new PbxEnd();
  const { transport } = await opened(pbx);
  await using _ = transport;
  transport.out.pause();
  transport.out.send(frames(1, 2000));
  transport.out.resume();
  await pbx.arrived("CONTINUE_MEDIA");
  const sent = pbx.received.filter((what) => typeof what === "number").length;
  assert(sent >= 750 && sent < 900, `${sent} frames sent`);
  assert(transport.out.bufferedMs > 1900 * FRAME_MS && transport.out.bufferedMs <= 2000 * FRAME_MS);
});

Deno.test("a pause keeps what is queued, and resuming continues with it", async () => {
  await using pbx = new PbxEnd();
  const { transport } = await opened(pbx);
  await using _ = transport;
  transport.out.send(frames(1, 10));
  transport.out.pause();
  transport.out.pause();
  const left = transport.out.bufferedMs;
  assert(left > 0 && left <= 200);
  transport.out.send(frames(11, 1));
  assert.equal(transport.out.bufferedMs, left + FRAME_MS);
  transport.out.resume();
  transport.out.resume();
  await pbx.arrived("CONTINUE_MEDIA");
  assert.deepEqual(pbx.received.slice(10), ["PAUSE_MEDIA", 11, "CONTINUE_MEDIA"]);
});

Deno.test("a flush ends when the PBX says so; what is said next is heard after it", async () => {
  await using pbx = new PbxEnd();
  const { transport, reports } = await opened(pbx);
  await using _ = transport;
  transport.out.send(frames(1, 2));
  transport.out.endOfPhrase("flushed");
  transport.out.pause();
  const flushed = transport.out.flush();
  assert.equal(transport.out.bufferedMs, 0);
  transport.out.send(frames(3, 1));
  transport.out.endOfPhrase("after");
  await pbx.arrived("REPORT_QUEUE_DRAINED");
  const commands = ["PAUSE_MEDIA", "FLUSH_MEDIA", "CONTINUE_MEDIA", "REPORT_QUEUE_DRAINED"];
  assert.deepEqual(pbx.received, [1, 2, "MARK_MEDIA", ...commands]);
  await pbx.say({ event: "QUEUE_DRAINED" });
  await flushed;
  await pbx.arrived(3);
  for (const id of pbx.marks) {
    await pbx.say({ event: "MEDIA_MARK_PROCESSED", correlation_id: id });
  }
  await pbx.arrived(3);
  await pbx.say(wireFrame(9));
  await reports.until("frame 9");
  const [, after] = pbx.marks;
  await pbx.say({ event: "MEDIA_MARK_PROCESSED", correlation_id: after });
  await reports.until("mark after");
  assert(!reports.seen.includes("mark flushed"));
});

Deno.test("a phrase played to its end before the flush reached the PBX counts as heard", async () => {
  await using pbx = new PbxEnd();
  const { transport, reports } = await opened(pbx);
  await using _ = transport;
  transport.out.send(frames(1, 1));
  transport.out.endOfPhrase("heard");
  const flushed = transport.out.flush();
  await pbx.arrived("REPORT_QUEUE_DRAINED");
  await pbx.say({ event: "MEDIA_MARK_PROCESSED", correlation_id: pbx.marks[0] });
  await pbx.say({ event: "QUEUE_DRAINED" });
  await flushed;
  assert.deepEqual(reports.seen, ["mark heard"]);
});

Deno.test("a pause during a flush does not prevent its acknowledgement", async () => {
  await using pbx = new PbxEnd();
  const { transport } = await opened(pbx);
  await using _ = transport;
  const flushed = transport.out.flush();
  const again = transport.out.flush();
  transport.out.pause();
  transport.out.send(frames(1, 1));
  await pbx.arrived("REPORT_QUEUE_DRAINED");
  await pbx.say({ event: "QUEUE_DRAINED" });
  await Promise.all([flushed, again]);
  await pbx.arrived(1);
  assert.deepEqual(pbx.received, ["FLUSH_MEDIA", "REPORT_QUEUE_DRAINED", "PAUSE_MEDIA", 1]);
});

Deno.test("a flush that the PBX never acknowledges fails, and the next phrase is sent nevertheless", async () => {
  await using pbx = new PbxEnd();
  const time = new ManualTime();
  await using transport = new WebsocketTransport(pbx.url, time);
  await transport.open(new Reports(), LIMIT());
  const flushed = transport.out.flush();
  transport.out.send(frames(1, 1));
  time.advance(1000);
  await assert.rejects(flushed, TransportError);
  assert.equal(transport.stats.flushesUnacknowledged, 1);
  await pbx.arrived(1);
});

Deno.test("a hang-up is reported once and settles a flush under way; later calls do no harm", async () => {
  await using pbx = new PbxEnd();
  const { transport, reports } = await opened(pbx);
  await using _ = transport;
  transport.out.send(frames(1, 500));
  const flushed = transport.out.flush();
  await pbx.close(1000);
  await flushed;
  await reports.until("close hangup");
  transport.out.send(frames(1, 1));
  transport.out.endOfPhrase("late");
  transport.out.pause();
  transport.out.resume();
  await transport.out.flush();
  assert.deepEqual(reports.seen, ["close hangup"]);
});

Deno.test("a socket closed abnormally in mid-sentence is reported as lost", async () => {
  await using pbx = new PbxEnd();
  const { transport, reports } = await opened(pbx);
  await using _ = transport;
  transport.out.send(frames(1, 100));
  await pbx.close(4000);
  await reports.until("close lost");
});

Deno.test("while the bot thinks, the caller's leg is kept alive, but no silence is put into a phrase", async () => {
  await using pbx = new PbxEnd();
  const time = new ManualTime();
  const transport = new WebsocketTransport(pbx.url, time);
  await transport.open(new Reports(), LIMIT());
  time.advance(1000);
  await pbx.arrived(0);
  assert.ok(transport.out.bufferedMs <= FRAME_MS);
  transport.out.send(frames(7, 50));
  time.advance(1000);
  transport.out.endOfPhrase("said");
  await pbx.arrived("MARK_MEDIA");
  assert.equal(pbx.received.filter((what) => what === 0).length, 1, "no silence within a phrase");
  await transport[Symbol.asyncDispose]();
  assert.equal(time.pending, 0);
});

Deno.test("our own dispose is not reported", async () => {
  await using pbx = new PbxEnd();
  const { transport, reports } = await opened(pbx);
  transport.out.send(frames(1, 100));
  await transport[Symbol.asyncDispose]();
  await transport[Symbol.asyncDispose]();
  assert.deepEqual(reports.seen, []);
});

Deno.test("waiting for a PBX that never starts the media ends in time, and the error hides its address", async () => {
  await using pbx = new PbxEnd(null);
  const reports = new Reports();
  const transport = new WebsocketTransport(pbx.url);
  const opening = transport.open(reports, AbortSignal.timeout(30));
  await assert.rejects(opening, (error: unknown) => {
    assert(error instanceof TransportError);
    assert.match(error.message, /in time/);
    assert.doesNotMatch(error.message, /id-1/);
    return true;
  });
  assert.deepEqual(reports.seen, []);
});

Deno.test("media in another format than ours is refused, and the error names the cure", async () => {
  await using pbx = new PbxEnd({ ...START, format: "ulaw", optimal_frame_size: 160 });
  const transport = new WebsocketTransport(pbx.url);
  await assert.rejects(transport.open(new Reports(), LIMIT()), /offers ulaw.*format=slin16/);
});

Deno.test("a used address is refused with the PBX's own words", async () => {
  await using used = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () => new Response("Conflict", { status: 409 }),
  );
  const reports = new Reports();
  const transport = new WebsocketTransport(`ws://127.0.0.1:${used.addr.port}/media/x`);
  await assert.rejects(transport.open(reports, LIMIT()), /409/);
  assert.deepEqual(reports.seen, []);
});
