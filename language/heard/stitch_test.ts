import assert from "node:assert/strict";
import { joinTexts, stitch } from "./stitch.ts";

const CASES: readonly [first: string, second: string, whole: string, why: string][] = [
  ["узнать цену", "машины", "узнать цену машины", "no overlap"],
  ["узнать цену", "цену машины", "узнать цену машины", "a word in both"],
  ["Узнать цену.", "цену машины", "Узнать цену машины", "case and punctuation do not matter"],
  ["я хочу узнать цену", "хочу узнать цену машины", "я хочу узнать цену машины", "three words"],
  ["узнать сто", "стоимость машины", "узнать стоимость машины", "the first has a word's beginning"],
  ["узнать стоим", "оимость машины", "узнать стоимость машины", "each has a part of the word"],
  ["узнать стоимость", "мость машины", "узнать стоимость машины", "the second has a word's end"],
  [
    "хочу узнать стоим",
    "ть стоимость машины",
    "хочу узнать стоимость машины",
    "the cuts go through two words",
  ],
  [
    "хочу узнать цену машины сто",
    "нать цену машины столько стоит",
    "хочу узнать цену машины столько стоит",
    "a long overlap",
  ],
  ["я и ты", "они и мы", "я и ты они и мы", "a short word in both is no overlap"],
  ["", "машины", "машины", "nothing first"],
  ["узнать", "", "узнать", "nothing second"],
  ["да", "да", "да", "an overlap repeats"],
];

for (const [first, second, whole, why] of CASES) {
  Deno.test(`pieces of speech join without a lost or doubled word: ${why}`, () => {
    assert.equal(stitch(first, second), whole);
  });
}

Deno.test("texts that do not overlap are only joined: callers may repeat themselves", () => {
  assert.equal(joinTexts(["да", " да ", "", "нет"]), "да да нет");
});
