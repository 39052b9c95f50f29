import assert from "node:assert/strict";
import { concatPcm, type Pcm } from "../../../media/frame.ts";
import { RUSSIAN_CALLER, spokenBy } from "../../../testing/voice.ts";
import { QUESTIONS } from "./callers/questions.ts";
import { WarpedEar } from "./warped_ear.ts";

/** 60 ms of silence in the middle of the speech, every `everyMs`, as a line with late frames has it. */
function withGaps(pcm: Pcm, everyMs: number): Pcm {
  const parts: Pcm[] = [];
  for (let at = 0; at < pcm.length; at += everyMs * 16) {
    parts.push(pcm.slice(at, at + everyMs * 16), new Int16Array(60 * 16));
  }
  return concatPcm(parts);
}

Deno.test("each question is understood, whole, with gaps and without its beginning, and silence is none", async () => {
  const script = [];
  for (const text of QUESTIONS.ru) script.push({ text, pcm: await spokenBy(RUSSIAN_CALLER, text) });
  const ear = new WarpedEar(script);
  for (const { text, pcm } of script) {
    const plain = text.replace(/[.?,]/g, "");
    assert.equal(ear.hear(pcm), plain);
    assert.equal(ear.hear(withGaps(pcm, 310)), plain);
    assert.equal(ear.hear(pcm.slice(0.1 * pcm.length)), plain);
    const half = ear.hear(pcm.slice(0, pcm.length / 2));
    assert.ok(half.length > 10 && half.length < plain.length, half);
  }
  assert.equal(ear.hear(new Int16Array(16_000)), "");
  assert.equal(
    ear.hear(Int16Array.from({ length: 32_000 }, (_, i) => i % 640 < 20 ? 9000 : 0)),
    "",
  );
});
