import assert from "node:assert/strict";
import {
  concatPcm,
  durationMs,
  type Pcm,
  SAMPLE_RATE_HZ,
  samplesIn,
} from "../../../media/frame.ts";
import type { Recognition } from "./moonshine.ts";
import { transcribe } from "./transcribe.ts";

const NEVER = new AbortController().signal;

Deno.test("a silent line never reaches the model", async () => {
  const asked = await segmentsAsked(silence(3000), { text: "Thank you.", confidence: -0.1 });
  assert.deepEqual(asked.lengths, []);
  assert.equal(asked.text, "");
});

Deno.test("a click is not taken for a word", async () => {
  const click = concatPcm([silence(500), sound(20), silence(500)]);
  assert.equal((await segmentsAsked(click, { text: "You", confidence: -0.1 })).text, "");
});

Deno.test("a word amid long silence reaches the model without that silence", async () => {
  const pcm = concatPcm([silence(900), sound(400), silence(900)]);
  const { lengths, text } = await segmentsAsked(pcm, { text: "No.", confidence: -0.1 });
  assert.equal(lengths.length, 1);
  assert.ok(durationMs(lengths[0]!) < 700, `${durationMs(lengths[0]!)} ms`);
  assert.equal(text, "No.");
});

Deno.test("when the model hears nothing in clear sound, it is asked once more with another margin", async () => {
  const pcm = concatPcm([silence(900), sound(400), silence(900)]);
  const { lengths } = await segmentsAsked(pcm, { text: "", confidence: -0.1 });
  assert.equal(lengths.length, 2);
  assert.notEqual(lengths[0], lengths[1]);
});

Deno.test("a text that the model only guessed is left out", async () => {
  const pcm = concatPcm([silence(300), sound(400), silence(300)]);
  assert.equal((await segmentsAsked(pcm, { text: "Camaro", confidence: -2 })).text, "");
  assert.equal((await segmentsAsked(pcm, { text: "Thank you.", confidence: -0.8 })).text, "");
  assert.equal(
    (await segmentsAsked(pcm, { text: "Thank you.", confidence: -0.2 })).text,
    "Thank you.",
  );
});

Deno.test("text before a pause is settled, so that long speech is not recognised again and again", async () => {
  const pcm = concatPcm([sound(6000), silence(500), sound(2000)]);
  let n = 0;
  const result = await transcribe(
    { recognize: () => Promise.resolve({ text: `part ${++n}`, confidence: 0 }) },
    pcm,
    NEVER,
  );
  assert.equal(result.text, "part 1 part 2");
  assert.equal(result.settled.text, "part 1");
  assert.ok(Math.abs(result.settled.samples - samplesIn(6200)) < samplesIn(100));
});

async function segmentsAsked(pcm: Pcm, answer: Recognition) {
  const lengths: number[] = [];
  const { text } = await transcribe(
    {
      recognize: (segment) => {
        lengths.push(segment.length);
        return Promise.resolve(answer);
      },
    },
    pcm,
    NEVER,
  );
  return { lengths, text };
}

function sound(ms: number): Pcm {
  return new Int16Array(ms * SAMPLE_RATE_HZ / 1000).map((_, i) => 8000 * Math.sin(i / 5));
}

function silence(ms: number): Pcm {
  return new Int16Array(ms * SAMPLE_RATE_HZ / 1000);
}
