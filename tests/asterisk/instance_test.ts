import assert from "node:assert/strict";
import { replaceLine } from "./instance.ts";

Deno.test("a line of the sample is replaced as a whole, in place", () => {
  assert.equal(
    replaceLine("a\nport = 1\nb\n", "port = 1", "port = 2", "x.conf"),
    "a\nport = 2\nb\n",
  );
});

Deno.test("a sample that lacks a line to replace, or has it twice, is reported", () => {
  for (const text of ["port = 10\n", "port = 1\nport = 1\n"]) {
    assert.throws(() => replaceLine(text, "port = 1", "port = 2", "x.conf"), /x\.conf.*"port = 1"/);
  }
});
