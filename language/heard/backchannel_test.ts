import assert from "node:assert/strict";
import { isBackchannel } from "./backchannel.ts";

Deno.test("a caller who only shows that they are listening does not stop the bot", () => {
  for (const text of ["Угу.", "ага", "да-да", "Да, да, понятно", "Хорошо", "ммм"]) {
    assert.ok(isBackchannel(text, "ru"), text);
  }
  for (const text of ["Uh-huh.", "mm-hmm", "Okay.", "Right, okay", "I see", "yeah", "Mhm"]) {
    assert.ok(isBackchannel(text, "en"), text);
  }
});

Deno.test("a caller who says anything else interrupts the bot", () => {
  for (const text of ["", "Стоп", "Подождите", "да, а сколько стоит", "нет", "А цена?", "Да?"]) {
    assert.ok(!isBackchannel(text, "ru"), text);
  }
  for (const text of ["", "Stop", "wait", "okay but how much", "no", "Right?", "what"]) {
    assert.ok(!isBackchannel(text, "en"), text);
  }
});
