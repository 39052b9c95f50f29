import assert from "node:assert/strict";
import { routeOf } from "./routing.ts";

Deno.test("a question goes to the base that its words belong to", () => {
  assert.equal(routeOf("Какая гарантия?", "ru"), "general");
  assert.equal(routeOf("Какая максимальная нагрузка?", "ru"), "tech");
  assert.equal(routeOf("How long is the warranty?", "en"), "general");
  assert.equal(routeOf("What is the maximum load?", "en"), "tech");
});

Deno.test("a question with words of both bases, or of neither, searches both", () => {
  assert.equal(routeOf("Сколько стоит разрывная машина?", "ru"), "both");
  assert.equal(routeOf("А как насчёт этого?", "ru"), "both");
  assert.equal(routeOf("What does a tensile machine cost?", "en"), "both");
  assert.equal(routeOf("Can you help me?", "en"), "both");
});

Deno.test("a part of a word routes nothing", () => {
  assert.equal(routeOf("Есть коммерческая комиссия?", "ru"), "both", "мм is inside, not a word");
  assert.equal(routeOf("Программа лояльности и скидки?", "ru"), "both");
  assert.equal(routeOf("Is there a committee?", "en"), "both", "mm is inside, not a word");
  assert.equal(routeOf("Ход 50 мм", "ru"), "tech");
});
