import assert from "node:assert/strict";
import fc from "fast-check";
import { concatPcm, pcmToBytes } from "../frame.ts";
import { PcmBytes } from "./pcm_bytes.ts";

Deno.test("audio split into byte chunks anywhere, even within a sample, comes out unchanged", () => {
  fc.assert(
    fc.property(
      fc.int16Array({ maxLength: 50 }),
      fc.array(fc.nat({ max: 7 }), { maxLength: 60 }),
      (samples, lengths) => {
        const bytes = pcmToBytes(Int16Array.from(samples));
        const whole = new PcmBytes();
        const parts = [];
        let at = 0;
        for (const length of [...lengths, bytes.length]) {
          parts.push(whole.push(bytes.subarray(at, at + length)));
          at = Math.min(bytes.length, at + length);
        }
        assert.deepEqual([...concatPcm(parts)], [...samples]);
      },
    ),
  );
});
