import assert from "node:assert/strict";
import fc from "fast-check";
import { FillerTiming } from "./filler_timing.ts";

const WORDS = ["Хм,", "Хорошо,", "Секунду"];

Deno.test("an answer that is ready in time is spoken without a filler", () => {
  const fillers = new FillerTiming(WORDS, 900);
  assert.equal(fillers.turnEnded(1000), 1900);
  assert.equal(fillers.next(1899), undefined);
  assert.equal(fillers.answerReady(), false);
  assert.equal(fillers.next(5000), undefined);
});

Deno.test("a slow answer is bridged by one filler, which is cut when the answer comes", () => {
  const fillers = new FillerTiming(WORDS, 900, () => 0);
  fillers.turnEnded(0);
  assert.equal(fillers.next(900), "Хм,");
  assert.equal(fillers.next(10_000), undefined, "one per turn");
  assert.equal(fillers.answerReady(), true);
  assert.equal(fillers.answerReady(), false);
});

Deno.test("a filler that has ended by itself is not cut", () => {
  const fillers = new FillerTiming(WORDS, 900);
  fillers.turnEnded(0);
  fillers.next(900);
  fillers.spoken();
  assert.equal(fillers.answerReady(), false);
});

Deno.test("FILLER_AFTER_MS=0 never speaks one", () => {
  const fillers = new FillerTiming(WORDS, 0);
  assert.equal(fillers.turnEnded(0), undefined);
  assert.equal(fillers.next(100_000), undefined);
});

Deno.test("no filler is heard twice in a row, however the dice fall", () => {
  fc.assert(fc.property(
    fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 2, maxLength: 30 }),
    (dice) => {
      const rolls = [...dice];
      const fillers = new FillerTiming(WORDS, 1, () => rolls.shift()!);
      let last: string | undefined;
      for (let turn = 0; turn < dice.length; turn++) {
        fillers.turnEnded(turn * 10);
        const word = fillers.next(turn * 10 + 5);
        assert.ok(word !== undefined && word !== last);
        last = word;
      }
    },
  ));
});
