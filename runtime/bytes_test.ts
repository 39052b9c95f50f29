import assert from "node:assert/strict";
import { concatBytes, writeAll } from "./bytes.ts";

Deno.test("all bytes are written, though each write takes only some", async () => {
  const written: number[] = [];
  const slow = {
    write(bytes: Uint8Array): Promise<number> {
      const taken = Math.min(3, bytes.length);
      written.push(...bytes.subarray(0, taken));
      return Promise.resolve(taken);
    },
  };
  await writeAll(slow, Uint8Array.of(1, 2, 3, 4, 5, 6, 7));
  assert.deepEqual(written, [1, 2, 3, 4, 5, 6, 7]);
});

Deno.test("joined bytes are a copy", () => {
  const part = Uint8Array.of(1, 2);
  const joined = concatBytes([part, new Uint8Array(), Uint8Array.of(3)]);
  part.fill(0);
  assert.deepEqual(joined, Uint8Array.of(1, 2, 3));
});
