import assert from "node:assert/strict";
import { Mutator } from "./mutator.ts";
import { leaks, PLANTED, PLANTS } from "./planted.ts";

const SAMPLE = {
  type: "StasisStart",
  args: ["a"],
  channel: { id: "1.1", caller: { number: "1" } },
};

Deno.test("an input is the same whenever its seed, border and index are", () => {
  for (let index = 0; index < 200; index++) {
    const once = new Mutator(7, "ari-events", index).json(SAMPLE);
    assert.equal(new Mutator(7, "ari-events", index).json(SAMPLE), once);
  }
});

Deno.test("inputs of other seeds, borders and indexes differ", () => {
  const inputs: readonly (readonly [number, string, number])[] = [[7, "a", 1], [8, "a", 1], [
    7,
    "b",
    1,
  ], [7, "a", 2]];
  const texts = inputs.map((input) => new Mutator(...input).noise(16).join());
  assert.equal(new Set(texts).size, texts.length);
});

Deno.test("a sample is dropped, renamed, retyped, nested and damaged, and itself left alone", () => {
  const before = structuredClone(SAMPLE);
  const texts = Array.from({ length: 3000 }, (_, i) => new Mutator(1, "json", i).json(SAMPLE));
  for (
    const seen of [
      /"__proto__":/,
      /^(?!.*"channel")/,
      /"args":\[\[/,
      /\[{3000}/,
      /:-1[,}]/,
      /1e400/,
    ]
  ) assert.ok(texts.some((text) => seen.test(text)), String(seen));
  assert.ok(texts.some((text) => leaks(text).length > 0), "something is planted");
  assert.deepEqual(SAMPLE, before);
});

Deno.test("bytes are cut, flipped and lengthened", () => {
  const sample = new Uint8Array(64);
  const lengths = Array.from(
    { length: 500 },
    (_, i) => new Mutator(1, "bytes", i).bytes(sample).length,
  );
  assert.ok(lengths.some((length) => length < 64));
  assert.ok(lengths.some((length) => length > 64));
});

Deno.test("every planted text is found again, in whatever spelling", () => {
  for (const plant of PLANTS) assert.notDeepEqual(leaks(`a line with ${plant} in it`), []);
  assert.deepEqual(leaks(`${PLANTED.word} +7 (900) 000 01 73`), ["number", "word"]);
  assert.deepEqual(leaks("call begins call=ab12 caller=**73"), []);
});
