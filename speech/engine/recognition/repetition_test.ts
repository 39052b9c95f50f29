import assert from "node:assert/strict";
import { RepetitionGuard } from "./repetition.ts";

Deno.test("a model that repeats itself is stopped, and the phrase is kept once", () => {
  const guard = new RepetitionGuard();
  const stream = [9, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3];
  assert.equal(stream.findIndex((token) => !guard.accept(token)), 15);
  assert.deepEqual(guard.tokens, [9, 1, 2, 3]);
});

Deno.test("a caller may say no four times", () => {
  const guard = new RepetitionGuard();
  assert.ok([5, 5, 5, 5, 6].every((token) => guard.accept(token)));
  assert.deepEqual(guard.tokens, [5, 5, 5, 5, 6]);
});
