import assert from "node:assert/strict";
import fc from "fast-check";
import { normalizeRecognized, saysTheSame } from "./recognized.ts";
import { numeral } from "../spoken/numbers_ru.ts";
import { speakable } from "../spoken/speakable.ts";

Deno.test("a Russian caller's hesitations and stutters are removed, numbers and names written as such", () => {
  const cases = {
    "Ну э-э, какая какая масса у эр эм триста?": "какая масса у РМ-300?",
    "нужна машина на двести пятьдесят килоньютонов": "нужна машина на 250 килоньютонов",
    "до двух тысяч ста градусов": "до 2100 градусов",
    "мой номер восемь девятьсот двенадцать триста сорок пять шестьдесят семь восемьдесят девять":
      "мой номер 8 912 345 67 89",
    "пресс пэ бэ тысяча": "пресс ПБ-1000",
    "нам нужна одна машина": "нам нужна одна машина",
    "у нас три, четыре машины": "у нас 3, 4 машины",
    "эээ ммм": "",
  };
  for (const [raw, written] of Object.entries(cases)) {
    assert.equal(normalizeRecognized(raw, "ru"), written);
  }
});

Deno.test("an English caller's hesitations and stutters are removed, numbers and names written as such", () => {
  const cases = {
    "Um, what what does the T M one hundred weigh?": "what does the TM-100 weigh?",
    "about two hundred and fifty kilonewtons": "about 250 kilonewtons",
    "it takes twenty four hours": "it takes 24 hours",
    "my number is five five five zero one zero": "my number is 5 5 5 0 1 0",
    "I want one of them": "I want one of them",
    "one thousand two hundred": "1200",
    "uh": "",
  };
  for (const [raw, written] of Object.entries(cases)) {
    assert.equal(normalizeRecognized(raw, "en"), written);
  }
});

Deno.test("any number up to a million is understood in Russian, in any case", () => {
  const cases = fc.constantFrom("nominative", "genitive", "dative", "instrumental" as const);
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 999_999 }), cases, (value, grammaticalCase) => {
      const said = numeral(String(value), grammaticalCase as "genitive");
      assert.equal(normalizeRecognized(said, "ru"), String(value));
    }),
    { numRuns: 200 },
  );
});

Deno.test("any number up to a million is understood in English", () => {
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 999_999 }), (value) => {
      assert.equal(normalizeRecognized(speakable(String(value), "en"), "en"), String(value));
    }),
    { numRuns: 200 },
  );
});

Deno.test("the work for a turn grows no faster than the turn, and no faster for odd words", () => {
  for (
    const [words, language] of [["слово два", "ru"], ["one", "en"], ["hundred and", "en"]] as const
  ) {
    const work = (times: number) =>
      searchesDuring(() => normalizeRecognized(`${words} `.repeat(times), language));
    const [short, long] = [work(500), work(2000)];
    assert.ok(long <= 4.5 * short, `${words}: ${short} searches, four times the text ${long}`);
  }
});

Deno.test("one word of 200,000 characters is taken like any other", () => {
  const dots = ".".repeat(100_000);
  assert.equal(normalizeRecognized(`${dots}цена${dots}!а`, "ru"), `${dots}цена${dots}!а`);
});

/** How many searches by regular expression `work` makes. */
function searchesDuring(work: () => void): number {
  const { exec } = RegExp.prototype;
  let searches = 0;
  RegExp.prototype.exec = function (text) {
    searches++;
    return exec.call(this, text);
  };
  try {
    work();
  } finally {
    RegExp.prototype.exec = exec;
  }
  return searches;
}

Deno.test("a partial and a final text that differ only in punctuation say the same", () => {
  assert.ok(saysTheSame("сколько стоит доставка", "Сколько стоит доставка?", "ru"));
  assert.ok(
    saysTheSame("what does the TM 100 weigh", "What does the T M one hundred weigh?", "en"),
  );
  assert.ok(!saysTheSame("сколько стоит", "сколько стоит доставка", "ru"));
});
