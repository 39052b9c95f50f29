import assert from "node:assert/strict";
import { decodeG711, encodeG711, G711_SILENCE, type G711Law } from "./g711.ts";

const LAWS: G711Law[] = ["ulaw", "alaw"];
const ALL_CODES = Uint8Array.from({ length: 256 }, (_, code) => code);

Deno.test("telephone audio decodes to the values of the standard's tables", () => {
  // ITU-T G.711 tables 1a-2b: the extreme, a middle and the smallest values, scaled to 16 bits.
  assert.deepEqual(
    [...decodeG711("ulaw", Uint8Array.of(0x80, 0x00, 0xff, 0x7f, 0xef, 0xfe, 0x8f))],
    [32124, -32124, 0, 0, 132, 8, 16764],
  );
  assert.deepEqual(
    [...decodeG711("alaw", Uint8Array.of(0xaa, 0x2a, 0xd5, 0x55, 0xd4, 0x80, 0xc5))],
    [32256, -32256, 8, -8, 24, 5504, 264],
  );
});

Deno.test("every telephone code survives decoding and encoding", () => {
  for (const law of LAWS) {
    const decoded = decodeG711(law, ALL_CODES);
    const again = decodeG711(law, encodeG711(law, decoded));
    assert.deepEqual(again, decoded);
  }
});

Deno.test("every sample is encoded to a telephone value no further than half a step away", () => {
  for (const law of LAWS) {
    const values = [...new Set(decodeG711(law, ALL_CODES))].sort((a, b) => a - b);
    const all = Int16Array.from({ length: 65536 }, (_, i) => i - 32768);
    const coded = decodeG711(law, encodeG711(law, all));
    const halfStep = new Map(values.map((value, i) => {
      const below = value - (values[i - 1] ?? -32768);
      const above = (values[i + 1] ?? 32767) - value;
      return [value, Math.max(below, above) / 2];
    }));
    all.forEach((sample, i) => {
      // The tables take samples by four, so one on a step's edge may go to the neighbour.
      const furthest = halfStep.get(coded[i]!)! + 4;
      const error = Math.abs(coded[i]! - sample);
      const clipped = Math.abs(sample) > values.at(-1)!;
      assert.ok(clipped || error <= furthest, `${law}: ${sample} came back as ${coded[i]}`);
    });
  }
});

Deno.test("silence is the code of the quietest value", () => {
  for (const law of LAWS) {
    assert.equal(encodeG711(law, new Int16Array(1))[0], G711_SILENCE[law]);
  }
});
