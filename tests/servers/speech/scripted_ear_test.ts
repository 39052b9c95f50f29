import assert from "node:assert/strict";
import { concatPcm, type Pcm, samplesIn } from "../../../media/frame.ts";
import { LocalVoice } from "../../../speech/engine/voice/local_voice.ts";
import { ScriptedEar } from "./scripted_ear.ts";

const SCRIPT = [
  "Здравствуйте, сколько стоит испытательная машина на пятьдесят килоньютонов?",
  "А какая у неё точность измерения?",
  "Спасибо, до свидания.",
];

async function spoken(texts: readonly string[]): Promise<Pcm[]> {
  using voice = await LocalVoice.load();
  const { signal } = new AbortController();
  const phrases: Pcm[] = [];
  for (const [id, text] of texts.entries()) {
    const parts: Pcm[] = [];
    await voice.speak(
      { id, text, voice: "ru", speed: 1 },
      (pcm) => parts.push(pcm.slice()),
      signal,
    );
    phrases.push(concatPcm(parts));
  }
  return phrases;
}

/** A telephone line: 8-bit logarithmic samples, a little noise, and silence around the speech. */
function overTheLine(pcm: Pcm): Pcm {
  const quiet = () => Int16Array.from({ length: samplesIn(300) }, (_, i) => (i * 7919) % 41 - 20);
  const coded = pcm.map((sample, i) => {
    const loudness = Math.log1p(255 * Math.abs(sample) / 32768) / Math.log(256);
    const steps = Math.round(loudness * 127) / 127;
    return Math.sign(sample) * (256 ** steps - 1) / 255 * 32767 + (i * 7919) % 41 - 20;
  });
  return concatPcm([quiet(), coded, quiet()]);
}

Deno.test("each phrase of a script is recognised over a telephone line", async () => {
  const phrases = await spoken(SCRIPT);
  const ear = new ScriptedEar(SCRIPT.map((text, i) => ({ text, pcm: phrases[i]! })));
  assert.deepEqual(
    phrases.map((pcm) => ear.hear(overTheLine(pcm))),
    SCRIPT.map((text) => text.replace(/[.?]$/, "")),
  );
  const half = overTheLine(phrases[0]!.slice(0, phrases[0]!.length / 2));
  const soFar = ear.hear(half);
  assert.ok(soFar.startsWith("Здравствуйте, сколько") && SCRIPT[0]!.startsWith(soFar), soFar);
  const rest = ear.hear(overTheLine(phrases[0]!.slice(phrases[0]!.length / 2)));
  assert.ok(rest !== "" && SCRIPT[0]!.includes(rest), `${rest}: not the end of the phrase`);
  assert.equal(ear.hear(new Int16Array(16_000)), "");
});
