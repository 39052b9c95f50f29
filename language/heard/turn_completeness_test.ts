import assert from "node:assert/strict";
import { looksUnfinished } from "./turn_completeness.ts";

Deno.test("a caller who pauses in mid-sentence is waited for", () => {
  for (
    const text of [
      "",
      "Я хочу узнать цену и",
      "Мне нужна машина для",
      "А сколько стоит доставка в",
      "Ну",
      "Нам нужно, чтобы",
      "Здравствуйте",
      "Подскажите, пожалуйста",
      "Меня интересует",
      "Нагрузка до",
      "Нам нужен пресс на двести пятьдесят",
      "мой номер восемь девятьсот двадцать",
      "Мы из города,",
      "Это...",
    ]
  ) assert.ok(looksUnfinished(text, "ru"), text);
  for (
    const text of [
      "I want to know the price and",
      "What is the",
      "We need a machine for",
      "Um",
      "Could you tell me",
      "Hello.",
      "It should hold about 200",
      "My number is five five five zero",
      "What about your warranty,",
    ]
  ) assert.ok(looksUnfinished(text, "en"), text);
});

Deno.test("a whole question is answered without waiting longer", () => {
  for (
    const text of [
      "Сколько стоит разрывная машина?",
      "Какая гарантия",
      "Расскажите про доставку",
      "Да",
      "Нет, спасибо",
      "Сколько весит РМ-100",
      "Какое нужно место",
      "Вы открываетесь в девять",
      "Что это?",
    ]
  ) assert.ok(!looksUnfinished(text, "ru"), text);
  for (
    const text of [
      "How long is the warranty?",
      "how much does it cost",
      "Tell me about delivery",
      "Yes.",
      "what does the TM-100 weigh",
      "What is the weight of the TM 100",
      "Goodbye",
      "We have three hundred",
    ]
  ) assert.ok(!looksUnfinished(text, "en"), text);
});
