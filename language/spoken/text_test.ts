import assert from "node:assert/strict";
import fc from "fast-check";
import { splitText, stripUnspeakable } from "./text.ts";

Deno.test("empty text, punctuation, emoji and broken surrogates leave nothing to say", () => {
  for (
    const text of ["", "  \n\t", "...", "?!—«»", "👍🏽👨‍👩‍👧🇷🇺", "\ud83d", "\udc4d\ud83d", "\u0000\u0007"]
  ) {
    assert.equal(stripUnspeakable(text), "", JSON.stringify(text));
  }
});

Deno.test("speakable text stays as it is", () => {
  assert.equal(
    stripUnspeakable("Машина на 50 кН, цена — по запросу."),
    "Машина на 50 кН, цена — по запросу.",
  );
  assert.equal(stripUnspeakable("Да!👍 Хорошо\ud83d"), "Да! Хорошо");
  assert.equal(stripUnspeakable("+7 (495) 123"), "+7 (495) 123");
});

Deno.test("a model's text cannot steer the voice by markup", () => {
  assert.equal(stripUnspeakable("это **важно** <[huge]> и [[a b]] всё"), "это важно и всё");
});

Deno.test("a long text is cut where a speaker would pause", () => {
  const sentence = "Испытательная машина растягивает образец до разрыва, и датчик силы это видит.";
  const pieces = splitText(`${sentence} ${sentence} ${sentence} ${sentence}`, 250);
  assert.deepEqual(pieces, [`${sentence} ${sentence} ${sentence}`, sentence]);
  assert.deepEqual(splitText("one two, three four", 12), ["one two,", "three four"]);
});

Deno.test("a long text is cut where a speaker would breathe, and none of it is lost", () => {
  const sentence =
    "We are open every day from nine in the morning, also on the days before holidays. ";
  const parts = splitText(sentence.repeat(4) + "x".repeat(400), 160);
  assert.ok(parts.length >= 4);
  assert.ok(parts.every((part) => part.length <= 160));
  assert.ok(parts[0]!.endsWith("."));
  assert.equal(
    parts.join("").replace(/ /g, ""),
    (sentence.repeat(4) + "x".repeat(400)).replace(/ /g, ""),
  );
  assert.deepEqual(splitText("  Short. And sweet. ", 160), ["Short. And sweet."]);
});

Deno.test("whatever the text, no piece exceeds the limit and no word is lost or doubled", () => {
  fc.assert(fc.property(
    fc.array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }), { maxLength: 60 }),
    fc.integer({ min: 2, max: 60 }),
    (words, limit) => {
      const text = stripUnspeakable(words.join(" "));
      const pieces = splitText(text, limit);
      assert.ok(pieces.every((piece) => piece.length <= limit && piece.isWellFormed()));
      const letters = (value: string) => value.replace(/\s/g, "");
      assert.equal(letters(pieces.join("")), letters(text));
    },
  ));
});

Deno.test("ten thousand characters without a space are still spoken, in pieces", () => {
  const pieces = splitText("ы".repeat(10_000), 250);
  assert.equal(pieces.length, 40);
  assert.equal(splitText("😀".repeat(200), 251)[0]?.length, 250, "never inside a character");
});
