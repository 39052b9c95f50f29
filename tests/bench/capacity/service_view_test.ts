import assert from "node:assert/strict";
import { isUnderstood } from "./service_view.ts";

Deno.test("a question with a word misheard is understood, half a question is not", () => {
  assert.ok(isUnderstood("could you please tell me what is the price of the machine"));
  assert.ok(isUnderstood("i would like to know about the warranty of a machine"));
  assert.ok(!isUnderstood("i would like to"));
  assert.ok(!isUnderstood(""));
});
