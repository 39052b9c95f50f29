import assert from "node:assert/strict";
import fc from "fast-check";
import { concatPcm } from "../../../media/frame.ts";
import { fromTones, toneSamples, toTones, wordsOf } from "./tone_speech.ts";

Deno.test("a text in tones is read back, double letters included", () => {
  const text = "Длинношеее животное, 10 кН — Hello, aaab!";
  assert.equal(fromTones(toTones(text)), wordsOf(text).join(" "));
  assert.equal(toTones(text).length, toneSamples(text));
});

Deno.test("a word is read back wherever it starts in the audio", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2000 }), (offset) => {
      const pcm = concatPcm([new Int16Array(offset), toTones("сталь длинношеее ссора")]);
      assert.equal(fromTones(pcm), "сталь длинношеее ссора");
    }),
    { numRuns: 50 },
  );
});

Deno.test("audio that is cut inside a word gives part of that word", () => {
  const pcm = toTones("стоимость");
  assert.equal(fromTones(pcm.subarray(0, 640 * 4)), "стои");
  assert.equal(fromTones(pcm.subarray(640 * 3 + 100)), "имость");
});
