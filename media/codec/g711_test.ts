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

Deno.test("every sample is encoded as the reference software encodes it", () => {
  const all = Int16Array.from({ length: 65536 }, (_, i) => i - 32768);
  assert.deepEqual(encodeG711("ulaw", all), Uint8Array.from(all, ulawOfG191));
  assert.deepEqual(encodeG711("alaw", all), Uint8Array.from(all, alawOfG191));
});

Deno.test("silence is the code of the quietest value", () => {
  for (const law of LAWS) {
    assert.equal(encodeG711(law, new Int16Array(1))[0], G711_SILENCE[law]);
  }
});

/** `ulaw_compress` of ITU-T G.191, step by step as written there: shifts instead of logarithms. */
function ulawOfG191(sample: number): number {
  const level = Math.min(((sample < 0 ? ~sample : sample) >> 2) + 33, 0x1fff);
  let segment = 1;
  for (let rest = level >> 6; rest !== 0; rest >>= 1) segment++;
  const code = ((8 - segment) << 4) | (15 - ((level >> segment) & 15));
  return sample >= 0 ? code | 0x80 : code;
}

/** `alaw_compress` of ITU-T G.191. */
function alawOfG191(sample: number): number {
  let level = (sample < 0 ? ~sample : sample) >> 4;
  if (level > 15) {
    let exponent = 1;
    for (; level > 31; level >>= 1) exponent++;
    level += (exponent << 4) - 16;
  }
  return (sample >= 0 ? level | 0x80 : level) ^ 0x55;
}
