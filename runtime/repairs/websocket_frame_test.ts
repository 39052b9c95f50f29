import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes } from "../bytes.ts";
import {
  CLOSE,
  encodeFrame,
  MessageReader,
  OPCODE,
  WebSocketProtocolError,
} from "./websocket_frame.ts";

const FIN = 0x80;
const MEGABYTE = 1 << 20;

Deno.test("a client's frame is masked, and its length takes the fewest bytes that hold it", () => {
  for (
    const [length, head] of [[0, 2], [125, 2], [126, 4], [65_535, 4], [65_536, 10]] as const
  ) {
    const payload = bytesOf(length);
    const frame = encodeFrame(OPCODE.binary, payload);
    assert.equal(frame.length, head + 4 + length);
    assert.equal(frame[0], FIN | OPCODE.binary);
    assert.ok(frame[1]! & 0x80, "the mask bit");
    const mask = frame.subarray(head, head + 4);
    const unmasked = frame.slice(head + 4).map((byte, i) => byte ^ mask[i & 3]!);
    assert.deepEqual(unmasked, payload);
  }
});

Deno.test("each frame has a mask of its own, which nobody can predict", () => {
  const masks = Array.from({ length: 20 }, () => encodeFrame(OPCODE.text, bytesOf(1)).slice(2, 6));
  assert.equal(new Set(masks.map(String)).size, masks.length);
});

Deno.test("messages arrive whole and in order, however long they are and wherever the network cuts", () => {
  fc.assert(fc.property(
    fc.array(fc.oneof(fc.nat(300), fc.constantFrom(125, 126, 65_535, 65_536)), { maxLength: 5 }),
    fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 20 }),
    (lengths, cuts) => {
      const sent = lengths.map(bytesOf);
      const received = readInPieces(concatBytes(sent.map((it) => serverFrame(it))), cuts);
      assert.deepEqual(received.map(({ payload }) => payload), sent);
    },
  ));
});

Deno.test("a message owns its bytes: neither reads nor other messages share them", () => {
  const reader = new MessageReader();
  const chunk = concatBytes([serverFrame(Uint8Array.of(1, 2)), serverFrame(Uint8Array.of(3))]);
  const [first, second] = reader.read(chunk);
  chunk.fill(0);
  reader.read(serverFrame(Uint8Array.of(9, 9)));
  assert.deepEqual(first!.payload, Uint8Array.of(1, 2));
  new Uint8Array(first!.payload.buffer).fill(0);
  assert.deepEqual(second!.payload, Uint8Array.of(3));
});

Deno.test("fragments are joined, and a close frame between them does not wait for the last", () => {
  const reader = new MessageReader();
  const text = (part: string) => new TextEncoder().encode(part);
  assert.deepEqual(reader.read(serverFrame(text("one "), OPCODE.text, false)), []);
  const [close] = reader.read(serverFrame(Uint8Array.of(3, 232), OPCODE.close));
  assert.equal(close!.opcode, OPCODE.close);
  assert.deepEqual(reader.read(serverFrame(text("two "), OPCODE.continuation, false)), []);
  const [whole] = reader.read(serverFrame(text("three"), OPCODE.continuation));
  assert.equal(whole!.opcode, OPCODE.text);
  assert.equal(new TextDecoder().decode(whole!.payload), "one two three");
  reader.read(serverFrame(text("a new "), OPCODE.text, false));
  const [next] = reader.read(serverFrame(text("message"), OPCODE.continuation));
  assert.equal(new TextDecoder().decode(next!.payload), "a new message");
});

for (
  const [what, frames, code] of [
    ["a fragmented ping", [serverFrame(bytesOf(1), OPCODE.ping, false)], CLOSE.protocolError],
    ["a ping over 125 bytes", [serverFrame(bytesOf(126), OPCODE.ping)], CLOSE.protocolError],
    [
      "a second message before the first is whole",
      [serverFrame(bytesOf(1), OPCODE.text, false), serverFrame(bytesOf(1))],
      CLOSE.protocolError,
    ],
    ["a frame over a megabyte", [Uint8Array.of(0x82, 127, 0, 0, 0, 0, 0, 16, 0, 1)], CLOSE.tooLong],
    [
      "a message of fragments over a megabyte in total",
      [
        serverFrame(new Uint8Array(MEGABYTE), OPCODE.binary, false),
        serverFrame(bytesOf(1), OPCODE.continuation),
      ],
      CLOSE.tooLong,
    ],
  ] as const
) {
  Deno.test(`${what} is refused, with the close code that says why`, () => {
    const reader = new MessageReader();
    assert.throws(() => frames.forEach((frame) => reader.read(frame)), (error) => {
      assert.ok(error instanceof WebSocketProtocolError);
      assert.equal(error.code, code);
      return true;
    });
  });
}

Deno.test("100,000 empty fragments are not held, and the message around them arrives whole", () => {
  // What is held counts against the limit of 64 fragments, which the next test shows.
  const reader = new MessageReader();
  reader.read(serverFrame(bytesOf(3), OPCODE.binary, false));
  const empty = serverFrame(bytesOf(0), OPCODE.continuation, false);
  reader.read(concatBytes(Array.from({ length: 100_000 }, () => empty)));
  const [whole] = reader.read(serverFrame(bytesOf(2), OPCODE.continuation));
  assert.deepEqual(whole!.payload, Uint8Array.of(0, 1, 2, 0, 1));
});

Deno.test("a message may come in 64 fragments and in no more", () => {
  const fragment = serverFrame(bytesOf(1), OPCODE.continuation, false);
  const begun = [
    serverFrame(bytesOf(1), OPCODE.binary, false),
    ...Array.from({ length: 62 }, () => fragment),
  ];
  const last = serverFrame(bytesOf(1), OPCODE.continuation);
  const [whole] = new MessageReader().read(concatBytes([...begun, last]));
  assert.equal(whole!.payload.length, 64);
  assert.throws(
    () => new MessageReader().read(concatBytes([...begun, fragment, fragment])),
    (error) => error instanceof WebSocketProtocolError && error.code === CLOSE.tooLong,
  );
});

/** A frame as a server sends it: unmasked. */
function serverFrame(
  payload: Uint8Array,
  opcode: number = OPCODE.binary,
  final = true,
): Uint8Array {
  const { length } = payload;
  const head = new DataView(new ArrayBuffer(length < 126 ? 2 : length < 65_536 ? 4 : 10));
  head.setUint8(0, (final ? FIN : 0) | opcode);
  head.setUint8(1, length < 126 ? length : length < 65_536 ? 126 : 127);
  if (head.byteLength === 4) head.setUint16(2, length);
  if (head.byteLength === 10) head.setBigUint64(2, BigInt(length));
  return concatBytes([new Uint8Array(head.buffer), payload]);
}

/** What a reader returns for `bytes`, cut after so many bytes each time. */
function readInPieces(bytes: Uint8Array, cuts: readonly number[]) {
  const reader = new MessageReader();
  const messages = [];
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const end = at + cuts[n % cuts.length]!;
    messages.push(...reader.read(bytes.subarray(at, end)));
    at = end;
  }
  return messages;
}

function bytesOf(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).map((_, i) => i);
}
