import assert from "node:assert/strict";
import { isKey, keyPayload } from "./telephone_event.ts";

Deno.test("keys are those of RFC 4733", () => {
  const codes = [..."09*#AD"].map((key) => keyPayload(key, 0, false)[0]);
  assert.deepEqual(codes, [0, 9, 10, 11, 12, 15]);
  assert.deepEqual([...keyPayload("5", 960, true)], [5, 0x80 | 10, 3, 0xc0]);
  assert.deepEqual(["1", "#", "E", "12", ""].map(isKey), [true, true, false, false, false]);
});
