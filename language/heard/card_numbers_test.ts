import assert from "node:assert/strict";
import { maskCards } from "./card_numbers.ts";
import { normalizeRecognized } from "./recognized.ts";

// Test numbers of the card schemes: nobody's.
const CARDS = ["4111111111111111", "5555555555554444", "378282246310005", "2200000000000004"];

Deno.test("a card number is masked however it is said", () => {
  for (const card of CARDS) {
    const groups = card.match(/\d{1,4}/g)!;
    for (
      const said of [
        card,
        groups.join(" "),
        groups.join("-"),
        groups.join(", "),
        [...card].join(" "),
        `${groups.join(" ")} 12 27`,
        `1 ${groups.join(" ")}`,
      ]
    ) {
      const kept = maskCards(`my card is ${said}, please`).replace(/\D/g, "");
      assert.ok(kept.length <= 6, `${said} -> ${kept}`);
    }
  }
  assert.equal(maskCards("it is 4111 1111 1111 1111 until 12 27"), "it is **** until 12 27");
});

Deno.test("a card that is dictated in words is masked in the text that is kept", () => {
  const ru = "номер карты четыре один один один " + "один ".repeat(12);
  assert.equal(maskCards(normalizeRecognized(ru, "ru")), "номер карты ****");
  const en = "my card is four one one one " + "one ".repeat(12);
  assert.equal(maskCards(normalizeRecognized(en, "en")), "my card is ****");
});

Deno.test("two cards in one breath are both masked", () => {
  assert.equal(maskCards(`${CARDS[0]} or ${CARDS[1]}`), "**** or ****");
  assert.equal(maskCards(`${CARDS[0]} ${CARDS[1]}`), "**** ****");
});

Deno.test("check codes and PINs are masked behind their names", () => {
  assert.equal(maskCards("the CVV is 123"), "the CVV is ****");
  assert.equal(maskCards("my pin code is 12 34."), "my pin code is ****.");
  assert.equal(maskCards("код безопасности 1 2 3"), "код безопасности ****");
  assert.equal(maskCards("пин-код: 4321"), "пин-код: ****");
});

Deno.test("what callers of a company ask about stays", () => {
  for (
    const said of [
      "machine RM-300 for 50 kN, price 4111",
      "call me back at +7 900 000 00 01",
      "order 4111111111111112",
      "ИНН 7700000000, счёт 40702810900000000001",
      "код товара 1234",
      "the spinning test of 123 samples",
      "8 900 000 00 01 and 8 900 000 00 02",
    ]
  ) assert.equal(maskCards(said), said);
});

Deno.test("a text of digits only is searched in time that grows with its length", () => {
  assert.equal(maskCards("7".repeat(200_000)).length, 200_000);
});
