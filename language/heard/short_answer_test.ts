import assert from "node:assert/strict";
import { isShortAnswer } from "./short_answer.ts";

Deno.test("yes and no are whole answers", () => {
  for (const text of ["Да.", "да-да", "Нет, спасибо.", "Ну да", "Да, конечно", "не надо", "Угу"]) {
    assert.ok(isShortAnswer(text, "ru"), text);
  }
  for (
    const text of ["Yes.", "No, thanks.", "Yes, please.", "Of course.", "Yeah", "No, thank you"]
  ) {
    assert.ok(isShortAnswer(text, "en"), text);
  }
});

Deno.test("a sentence that begins with yes or no may continue", () => {
  for (const text of ["Да, а сколько", "Нет, меня интересует", "ну", "", "данные"]) {
    assert.ok(!isShortAnswer(text, "ru"), text);
  }
  for (const text of ["Yes, and the", "No, I want to know", "well", "", "nothing"]) {
    assert.ok(!isShortAnswer(text, "en"), text);
  }
});
