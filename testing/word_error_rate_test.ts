import assert from "node:assert/strict";
import { wordErrorRate, wordErrors } from "./word_error_rate.ts";

Deno.test("the same words in another spelling are no error", () => {
  assert.equal(
    wordErrorRate(
      "Press 21, then dial-tone. It's 105!",
      "press twenty one then dial tone its one hundred five",
    ),
    0,
  );
  assert.equal(wordErrorRate("Наберите «ноль».", "наберите ноль"), 0);
});

Deno.test("each inserted, lost or replaced word is one error", () => {
  assert.deepEqual(wordErrors("a b c d", "a x c d"), { errors: 1, words: 4 });
  assert.deepEqual(wordErrors("a b c d", "a c d"), { errors: 1, words: 4 });
  assert.deepEqual(wordErrors("a b c d", "a b b c d"), { errors: 1, words: 4 });
  assert.equal(wordErrorRate("a b c d", ""), 1);
});

Deno.test("words heard in silence count as an error, silence heard as silence does not", () => {
  assert.equal(wordErrorRate("", "thank you"), 1);
  assert.equal(wordErrorRate("", ""), 0);
});
