import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeRtp, encodeRtp } from "./rtp_packet.ts";

const uint = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });

Deno.test("a packet reads back as it was written", () => {
  fc.assert(fc.property(
    fc.record({
      payloadType: uint(7),
      marker: fc.boolean(),
      sequence: uint(16),
      timestamp: uint(32),
      ssrc: uint(32),
      payload: fc.uint8Array({ maxLength: 700 }),
    }, { noNullPrototype: true }),
    (packet) => assert.deepEqual(decodeRtp(encodeRtp(packet)), packet),
  ));
});

Deno.test("counters wrap at the width of their field", () => {
  const packet = { payloadType: 0, marker: true, ssrc: 9, payload: Uint8Array.of(7) };
  const bytes = encodeRtp({ ...packet, sequence: 70_000, timestamp: 2 ** 32 + 5 });
  assert.deepEqual([...bytes], [0x80, 0x80, 0x11, 0x70, 0, 0, 0, 5, 0, 0, 0, 9, 7]);
});

Deno.test("contributing sources, a header extension and padding are not audio", () => {
  // V=2, padding, extension, two CSRCs; extension of one word; payload 9 9; three bytes of padding.
  const bytes = Uint8Array.of(
    ...[0xb2, 0x80, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3],
    ...[0, 0, 0, 4, 0, 0, 0, 5],
    ...[0xbe, 0xde, 0, 1, 1, 2, 3, 4],
    ...[9, 9, 0, 0, 3],
  );
  const packet = decodeRtp(bytes);
  assert.deepEqual([...packet!.payload], [9, 9]);
  assert.equal(packet!.marker, true);
  assert.equal(packet!.payloadType, 0);
});

Deno.test("whatever arrives on the port is a whole packet or nothing, never an error", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
    const packet = decodeRtp(bytes);
    assert.ok(!packet || packet.payload.length <= bytes.length - 12);
  }));
});

Deno.test("truncated packets are refused", () => {
  const whole = encodeRtp({
    payloadType: 0,
    marker: false,
    sequence: 1,
    timestamp: 2,
    ssrc: 3,
    payload: new Uint8Array(0),
  });
  assert.equal(decodeRtp(whole.subarray(0, 11)), undefined);
  const missing = { csrc: 0x81, extension: 0x90, padding: 0xa0, version: 0x40 };
  for (const [what, first] of Object.entries(missing)) {
    const cut = whole.slice();
    cut[0] = first;
    assert.equal(decodeRtp(cut), undefined, what);
  }
});
