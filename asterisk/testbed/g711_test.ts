import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeMulaw, encodeMulaw, MULAW_SILENCE } from "./g711.ts";

Deno.test("µ-law has the values of ITU-T G.711", () => {
  assert.deepEqual(
    [...decodeMulaw(Uint8Array.of(0x00, 0x80, 0x7f, 0xff, 0x1f, 0x9f))],
    [-32124, 32124, 0, 0, -8316, 8316],
  );
  assert.deepEqual([...encodeMulaw(Int16Array.of(0, 32767, -32768))], [MULAW_SILENCE, 0x80, 0x00]);
});

Deno.test("a sample comes back from µ-law within a sixteenth of its size", () => {
  fc.assert(fc.property(fc.integer({ min: -32768, max: 32767 }), (sample) => {
    const [back] = decodeMulaw(encodeMulaw(Int16Array.of(sample)));
    assert.ok(Math.abs(back! - sample) <= Math.max(8, Math.abs(sample) / 16), `${sample}: ${back}`);
  }));
});

Deno.test("what has been µ-law once stays as it is, except for the zero's sign", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const again = encodeMulaw(decodeMulaw(bytes));
  bytes[0x7f] = MULAW_SILENCE;
  assert.deepEqual(again, bytes);
});
