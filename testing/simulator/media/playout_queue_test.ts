import assert from "node:assert/strict";
import fc from "fast-check";
import { PlayoutQueue, QUEUE_MAX, XOFF_LEVEL, XON_LEVEL } from "./playout_queue.ts";

const FRAME = 4;

function setUp() {
  const notices: string[] = [];
  const queue = new PlayoutQueue(FRAME, (notice) => notices.push(notice));
  const next = () => queue.next((event) => notices.push(event));
  return { queue, notices, next };
}

const frames = (count: number) => new Uint8Array(FRAME * count);

Deno.test("outside buffering mode, a tail shorter than a frame is lost", () => {
  const { queue } = setUp();
  queue.push(new Uint8Array(FRAME * 2 + 3));
  assert.equal(queue.status.queue_length, 2);
  queue.push(new Uint8Array(FRAME - 1));
  queue.push(new Uint8Array(FRAME - 1));
  assert.equal(queue.status.queue_length, 2);
});

Deno.test("in buffering mode, tails are joined, and the last one is padded at the end", () => {
  const { queue, next } = setUp();
  queue.startBuffering();
  queue.push(Uint8Array.of(1, 2, 3));
  queue.push(Uint8Array.of(4, 5));
  queue.stopBuffering();
  assert.deepEqual([next(), next(), next()], [
    Uint8Array.of(1, 2, 3, 4),
    Uint8Array.of(5, 0, 0, 0),
    undefined,
  ]);
});

Deno.test("buffering loses and reorders nothing, whatever the sizes of messages", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 })), (messages) => {
    const { queue, next } = setUp();
    queue.startBuffering();
    for (const message of messages) queue.push(message);
    queue.stopBuffering();
    const played: number[] = [];
    for (let frame = next(); frame; frame = next()) played.push(...frame);
    const sent = messages.flatMap((message) => [...message]);
    assert.deepEqual(played.slice(0, sent.length), sent);
    assert.ok(played.length - sent.length < FRAME);
  }));
});

Deno.test("the client is asked to stop at 900 frames and to continue below 800", () => {
  const { queue, notices, next } = setUp();
  queue.push(frames(XOFF_LEVEL - 1));
  assert.deepEqual(notices, []);
  queue.push(frames(1));
  assert.deepEqual(notices, ["MEDIA_XOFF"]);
  for (let left = XOFF_LEVEL; left >= XON_LEVEL; left--) next();
  assert.deepEqual([queue.status.queue_length, notices.length], [XON_LEVEL - 1, 1]);
  next();
  assert.deepEqual(notices, ["MEDIA_XOFF", "MEDIA_XON"]);
});

Deno.test("with 1000 frames queued, a message is ignored whole", () => {
  const { queue } = setUp();
  queue.push(frames(QUEUE_MAX - 1));
  queue.push(frames(50));
  assert.equal(queue.status.queue_length, QUEUE_MAX + 49);
  queue.push(frames(1));
  assert.equal(queue.status.queue_length, QUEUE_MAX + 49);
});

Deno.test("a mark follows the audio before it and takes no time of its own", () => {
  const { queue, notices, next } = setUp();
  queue.push(frames(1));
  queue.pushEvent("first");
  queue.pushEvent("second");
  queue.push(frames(1));
  assert.ok(next());
  assert.deepEqual(notices, []);
  assert.ok(next());
  assert.deepEqual(notices, ["first", "second"]);
});

Deno.test("a flush drops marks and audio, and the next tick reports that the queue is drained", () => {
  const { queue, notices, next } = setUp();
  queue.push(frames(5));
  queue.pushEvent("lost");
  queue.flush();
  queue.reportDrained();
  assert.equal(next(), undefined);
  assert.deepEqual(notices, ["QUEUE_DRAINED"]);
  assert.equal(next(), undefined);
  assert.deepEqual(notices, ["QUEUE_DRAINED"]);
});

Deno.test("when only marks are left, the drained report comes a tick later", () => {
  const { queue, notices, next } = setUp();
  queue.reportDrained();
  queue.pushEvent("mark");
  next();
  assert.deepEqual(notices, ["mark"]);
  next();
  assert.deepEqual(notices, ["mark", "QUEUE_DRAINED"]);
});

Deno.test("a pause keeps the queue, outlasts a flush, and holds reports back", () => {
  const { queue, notices, next } = setUp();
  queue.push(frames(2));
  queue.pushEvent("mark");
  queue.pause();
  assert.equal(next(), undefined);
  assert.equal(queue.status.queue_length, 2);
  queue.flush();
  queue.reportDrained();
  next();
  assert.deepEqual([notices, queue.status.media_paused], [[], true]);
  queue.resume();
  next();
  assert.deepEqual(notices, ["QUEUE_DRAINED"]);
});
