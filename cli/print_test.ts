import assert from "node:assert/strict";
import { progressBar, type Stream } from "./print.ts";

/** What a bar of `of` steps writes to a terminal or a file. */
function written(isTerminal: boolean, of: number): string {
  let text = "";
  const stream: Stream = {
    isTerminal: () => isTerminal,
    // A stream may take less than it is given.
    writeSync(bytes) {
      const taken = bytes.subarray(0, 7);
      text += new TextDecoder().decode(taken);
      return taken.length;
    },
  };
  const progress = progressBar(stream);
  for (let done = 1; done <= of; done++) progress(done, of);
  return text;
}

Deno.test("a terminal shows progress on one line, which it ends when all is done", () => {
  const text = written(true, 300);
  assert.equal(text.split("\r").length - 1, 300);
  assert.equal(text.indexOf("\n"), text.length - 1);
  assert.match(text, /\[#{30}\] 300\/300\n$/);
});

Deno.test("a file gets a line of progress for each tenth, not for each step", () => {
  const lines = written(false, 300).trimEnd().split("\n");
  assert.equal(lines.length, 11);
  assert.doesNotMatch(lines.join(""), /\r/);
});
