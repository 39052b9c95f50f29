import assert from "node:assert/strict";
import fc from "fast-check";
import { PhraseCutter } from "./phrase_cutter.ts";

/** The phrases of an answer that arrives in these pieces. */
function phrasesOf(...pieces: string[]): string[] {
  const cutter = new PhraseCutter();
  return [...pieces.flatMap((piece) => cutter.push(piece)), ...cutter.flush()];
}

Deno.test("a phrase is spoken as soon as its bar arrives, wherever the stream is split", () => {
  const cutter = new PhraseCutter();
  assert.deepEqual(cutter.push("Гарантия два го"), []);
  assert.deepEqual(cutter.push("да|Захваты"), ["Гарантия два года"]);
  assert.deepEqual(cutter.push(" в неё не вхо"), []);
  assert.deepEqual(cutter.push("дят"), []);
  assert.deepEqual(cutter.push("|"), ["Захваты в неё не входят"]);
  assert.deepEqual(cutter.flush(), []);
});

Deno.test("without a bar, a phrase is spoken as soon as its sentence ends", () => {
  const cutter = new PhraseCutter();
  assert.deepEqual(cutter.push("Да, мы доставляем."), [], "the stop may be within a number");
  assert.deepEqual(cutter.push(" Это"), ["Да, мы доставляем."]);
  assert.deepEqual(cutter.push(" занимает неделю! "), ["Это занимает неделю!"]);
});

Deno.test("decimals, units, abbreviations and initials do not cut a phrase", () => {
  for (
    const sentence of [
      "Класс точности 0.5 входит в комплект.",
      "Скорость от 0,001 до 500 мм. в минуту.",
      "Это т. е. разрывная машина, см. рис. 3 в паспорте.",
      "Метод предложил А. С. Виккерс в Англии.",
      "Она стоит 5 тыс. рублей и т. д. по списку.",
      "The load is 0.5 kN, approx. 50 kg. of weight.",
      "Ask Mr. Smith or J. Brown, e.g. by phone.",
      "Version 2.10.1 runs on it.",
    ]
  ) {
    assert.deepEqual(phrasesOf(...sentence), [sentence]);
  }
});

Deno.test("a unit with a full stop ends a sentence when a new sentence follows", () => {
  assert.deepEqual(phrasesOf(..."Ход поршня 50 мм. Масса 480 кг. Всё."), [
    "Ход поршня 50 мм.",
    "Масса 480 кг.",
    "Всё.",
  ]);
});

Deno.test("markdown is never spoken", () => {
  assert.deepEqual(
    phrasesOf(
      "## Модели\n- **РМ-100** — *сто* кН\n1. `РМ-50` | [сайт](http://example.com/a.b)\n***\n",
    ),
    ["Модели", "РМ-100 — сто кН", "РМ-50", "сайт"],
  );
});

Deno.test("a bar right after a full stop produces no empty phrase", () => {
  assert.deepEqual(phrasesOf("Готово. | Ждём вас! | | "), ["Готово.", "Ждём вас!"]);
  assert.deepEqual(phrasesOf("Готово.|Ждём?|"), ["Готово.", "Ждём?"]);
});

Deno.test("an endless answer of 20,000 characters is spoken in phrases of a breath each", () => {
  const words = phrasesOf("слово, которое тянется и тянется ".repeat(600));
  assert.ok(words.length > 100);
  assert.ok(words.every((phrase) => phrase.length <= 160));
  assert.ok(phrasesOf("а".repeat(20_000)).every((phrase) => phrase.length <= 400));
});

Deno.test("the tail of a stream that ends in mid-word is not lost", () => {
  assert.deepEqual(phrasesOf("Доставка занимает неде"), ["Доставка занимает неде"]);
  assert.deepEqual(phrasesOf("Спросите г. Иванов", "а и т."), ["Спросите г. Иванова и т."]);
});

Deno.test("however the stream is split, the phrases are the same and no letter is lost", () => {
  const texts = fc.array(
    fc.constantFrom(
      "РМ-100 ",
      "0,5 ",
      "мм. ",
      "Да. ",
      "т. е. ",
      "|",
      "слово ",
      "А. ",
      "Б",
      "! ",
      ", ",
    ),
    { maxLength: 40 },
  ).map((parts) => parts.join(""));
  fc.assert(fc.property(texts, fc.integer({ min: 1, max: 9 }), (text, size) => {
    const pieces = text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
    const letters = (list: string[]) => list.join("").replace(/[^\p{L}\d]/gu, "");
    const torn = phrasesOf(...pieces);
    assert.deepEqual(torn, phrasesOf(...text));
    assert.equal(letters(torn), letters([text]));
  }));
});
