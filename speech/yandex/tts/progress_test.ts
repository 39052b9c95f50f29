import assert from "node:assert/strict";
import { StreamProgress } from "./progress.ts";

/** Which text each piece is taken for. */
function placed(texts: readonly string[], pieces: readonly string[]): number[] {
  const progress = new StreamProgress(1);
  for (const text of texts) progress.add(text);
  return pieces.map((piece) => progress.advance(piece, 8000).index);
}

Deno.test("each piece of an answer's audio is assigned to its phrase", () => {
  const texts = ["Добрый день, слушаю.", "", "Добрый вечер."];
  assert.deepEqual(placed(texts, ["Добрый ", "день, ", "слушаю. ", "Добрый ", "вечер."]), [
    0,
    0,
    0,
    2,
    2,
  ]);
});

Deno.test("a service that reports a phrase in its own words does not shift the phrases after it", () => {
  const shorter = ["Цена: две тысячи двести двадцать два рубля.", "Звоните нам завтра."];
  assert.deepEqual(placed(shorter, ["Цена: ", "2222 ", "Звоните ", "нам "]), [0, 0, 1, 1]);
  const longer = ["ГОСТ 12.", "Звоните нам завтра, или приезжайте."];
  const pieces = ["государственный стандарт двенадцать", "Звоните ", "нам "];
  assert.deepEqual(placed(longer, pieces), [0, 1, 1]);
});

Deno.test("where the service does not report what it speaks, phrases are told apart by their length", () => {
  const progress = new StreamProgress(1.2);
  progress.add("Пятнадцать зна");
  progress.add("Вторая фраза.");
  const half = 14 * 1067 / 1.2 / 2;
  assert.deepEqual([half, half, half].map((samples) => progress.advance("", samples).index), [
    0,
    0,
    1,
  ]);
  assert.equal(progress.behind, false, "a guess at its pace is no reason to give the service up");
});

Deno.test("text that awaits its audio is tracked, and spoken text is no longer awaited", () => {
  const progress = new StreamProgress(1);
  assert.equal(progress.behind, false);
  progress.add("Раз, два.");
  assert.equal(progress.behind, true);
  assert.equal(progress.leftOut, true);
  progress.advance("Раз, ", 100);
  assert.equal(progress.behind, true);
  progress.advance("два", 100);
  assert.equal(progress.behind, false);
  assert.equal(progress.leftOut, false);
});
