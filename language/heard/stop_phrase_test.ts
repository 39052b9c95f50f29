import assert from "node:assert/strict";
import { afterStopPhrase } from "./stop_phrase.ts";

Deno.test("who only asks the bot to stop has asked nothing else", () => {
  for (
    const text of [
      "Стоп",
      "стоп стоп",
      "Подожди.",
      "Подождите, пожалуйста.",
      "Секундочку!",
      "Нет, подождите!",
      "Погодите-ка",
      "одну минуту",
      "Подождите, у меня ещё один вопрос.",
    ]
  ) assert.equal(afterStopPhrase(text, "ru"), "", text);
  for (
    const text of [
      "Stop.",
      "Wait!",
      "wait wait",
      "Wait, I have another question.",
      "wait i have another question",
      "Hold on a second.",
      "No, wait, please.",
      "One moment.",
    ]
  ) assert.equal(afterStopPhrase(text, "en"), "", text);
});

Deno.test("a question behind the request to stop is what the caller asks", () => {
  assert.equal(
    afterStopPhrase("Подождите, а сколько стоит пресс?", "ru"),
    "сколько стоит пресс?",
  );
  assert.equal(
    afterStopPhrase("стоп у меня вопрос какая гарантия", "ru"),
    "какая гарантия",
  );
  assert.equal(
    afterStopPhrase("Wait, I have another question. What is the warranty?", "en"),
    "What is the warranty?",
  );
});

Deno.test("a question that only begins like a request is left whole", () => {
  for (const text of ["Стоп-кран есть?", "стоп кнопка есть", "секунду разгоняется?", "А цена?"]) {
    assert.equal(afterStopPhrase(text, "ru"), undefined, text);
  }
  for (const text of ["Stop button, is there one?", "Wait times for delivery?", "Waiting"]) {
    assert.equal(afterStopPhrase(text, "en"), undefined, text);
  }
});
