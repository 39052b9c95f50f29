import assert from "node:assert/strict";
import { LogLines } from "../testing/log_lines.ts";
import { guarded, unexpected, unexpectedErrors } from "./unexpected.ts";

Deno.test("an operator reads of an unexpected error whose it is and where it was thrown", () => {
  using log = new LogLines();
  const before = unexpectedErrors();
  guarded("handler", () => {
    throw new RangeError("not on this planet");
  }, { isolate: "call-7" });
  const line = log.all.find((line) => line.includes("not on this planet"));
  assert.match(line ?? "", /where=handler isolate=call-7 .*stack="at .*unexpected_test\.ts/);
  assert.equal(unexpectedErrors().handler, before.handler + 1);
});

Deno.test("a storm of unexpected errors is counted whole, and does not fill the log", () => {
  using log = new LogLines();
  const before = unexpectedErrors();
  for (let n = 0; n < 1000; n++) unexpected("timer", "no error at all");
  assert.equal(unexpectedErrors().timer, before.timer + 1000);
  const lines = log.all.filter((line) => line.includes("where=timer"));
  assert.equal(lines.length, 10);
  assert.match(lines.at(-1) ?? "", /only counted/);
});
