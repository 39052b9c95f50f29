import assert from "node:assert/strict";
import fc from "fast-check";
import { Framer } from "./framer.ts";

Deno.test("audio in packets of any length comes out in whole frames, nothing lost or moved", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 20 }), (lengths) => {
      const out: number[] = [];
      const framer = new Framer((frame) => {
        assert.equal(frame.length, 320);
        out.push(...frame);
      });
      let next = 0;
      for (const length of lengths) framer.push(new Int16Array(length).map(() => next++ % 30_000));
      assert.deepEqual(out, Array.from({ length: next - next % 320 }, (_, i) => i % 30_000));
    }),
  );
});

Deno.test("a remainder from before a break is not joined to what follows", () => {
  const frames: number[] = [];
  const framer = new Framer((frame) => frames.push(frame[0]!, frame[319]!));
  framer.push(new Int16Array(100).fill(1));
  framer.reset();
  framer.push(new Int16Array(320).fill(2));
  assert.deepEqual(frames, [2, 2]);
});
