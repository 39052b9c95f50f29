import assert from "node:assert/strict";
import { concatPcm, durationMs } from "../../../media/frame.ts";
import { Espeak, ESPEAK_RATE_HZ, UnknownVoiceError } from "./espeak.ts";

const ENGLISH = { name: "en-us", speed: 1 };

Deno.test("espeak-ng speaks a text as asked", async (t) => {
  const espeak = await Espeak.load();

  await t.step("a text cannot make the voice fall silent by markup", () => {
    const silentMs = longestSilenceMs(audioOf(espeak, 'one <break time="3s"/> two'));
    assert.ok(silentMs < 1000, `silent for ${silentMs} ms`);
  });

  await t.step("a higher speed is shorter audio", () => {
    const normal = audioOf(espeak, "one two three").length;
    const fast = audioOf(espeak, "one two three", { ...ENGLISH, speed: 1.5 }).length;
    assert.ok(fast < normal * 0.8, `${fast} of ${normal} samples`);
  });

  await t.step("a listener that has heard enough gets no more audio", () => {
    let calls = 0;
    espeak.speak("one two three four five", ENGLISH, () => ++calls < 2);
    assert.equal(calls, 2);
  });

  await t.step("a voice that does not exist is named, with the setting that names it", () => {
    assert.throws(
      () => audioOf(espeak, "one", { ...ENGLISH, name: "martian" }),
      (error) =>
        error instanceof UnknownVoiceError && /martian.*LOCAL_TTS_VOICE/.test(error.message),
    );
  });
});

function audioOf(espeak: Espeak, text: string, voice = ENGLISH): Int16Array {
  const parts: Int16Array[] = [];
  espeak.speak(text, voice, (pcm) => parts.push(pcm.slice()) > 0);
  return concatPcm(parts);
}

function longestSilenceMs(pcm: Int16Array): number {
  let longest = 0;
  let run = 0;
  for (const sample of pcm) {
    run = Math.abs(sample) < 100 ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return durationMs(longest, ESPEAK_RATE_HZ);
}
