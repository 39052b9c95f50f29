import assert from "node:assert/strict";
import { FRAME_MS, FRAME_SAMPLES } from "../../media/frame.ts";
import type { AsrProvider } from "../../speech/asr.ts";
import { type HeardSoFar, type HeardTurn, Recogniser } from "./recogniser.ts";

const LOUD = 1000;

/** A recogniser whose voice detection takes loud frames for speech, and whose ASR counts frames. */
function setUp({ text = "What is the price?", failsToOpen = false } = {}) {
  const pushed: number[] = [];
  const told = {
    onsets: 0,
    unfounded: 0,
    turns: [] as HeardTurn[],
    soFar: [] as HeardSoFar[],
    failures: 0,
    checkpoints: 0,
  };
  const asrState = { answer: text as string | undefined, cancelled: false };
  const asr: AsrProvider = {
    name: "counting",
    open: ({ onPartial, signal }) => {
      if (failsToOpen) throw new Error("no ASR");
      signal.addEventListener("abort", () => asrState.cancelled = true);
      return {
        push: (pcm) => void pushed.push(pcm[0]!),
        checkpoint: () => {
          told.checkpoints++;
          if (asrState.answer !== undefined) onPartial({ text: asrState.answer, final: false });
        },
        finish: () => Promise.resolve({ text, final: true }),
      };
    },
  };
  const recogniser = new Recogniser({
    call: "c1",
    vad: {
      probability: (window) => Promise.resolve(window[0]! >= LOUD ? 0.9 : 0.05),
      look: () => {},
    },
    asr,
    language: "en",
    vadThreshold: 0.5,
    prerollMs: 300,
    endpointing: {
      silenceMs: 400,
      maxSilenceMs: 2000,
      maxUtteranceMs: 60_000,
      looksUnfinished: (words) => words.endsWith("the"),
      isShortAnswer: () => false,
    },
    events: {
      wantsText: () => true,
      onOnset: () => told.onsets++,
      onNoSpeech: () => told.unfounded++,
      onSpeech: (soFar) => told.soFar.push(soFar),
      onStable: () => {},
      onTurn: (turn) => told.turns.push(turn),
      onAsrFailed: () => told.failures++,
    },
  });
  let sent = 0;
  const hear = async (ms: number, level: number) => {
    for (let i = 0; i < ms / FRAME_MS; i++) {
      // Each frame carries its number, so that a test can tell which ones reached the ASR.
      recogniser.hear(new Int16Array(FRAME_SAMPLES).fill(level + sent++ % 900), performance.now());
      await Promise.resolve();
      await Promise.resolve();
    }
    await new Promise((resolve) => setTimeout(resolve));
  };
  return {
    recogniser,
    asr: asrState,
    told,
    pushed,
    speak: (ms: number) => hear(ms, LOUD),
    silence: (ms: number) => hear(ms, 0),
    [Symbol.dispose]: () => recogniser[Symbol.dispose](),
  };
}

Deno.test("the first word is recognised whole: the 300 ms before its onset are recognised too", async () => {
  using call = setUp();
  await call.silence(1000);
  await call.speak(600);
  assert.equal(call.told.onsets, 1);
  const before = call.pushed.filter((value) => value < LOUD).length * FRAME_MS;
  assert.ok(before >= 300, `only ${before} ms of audio from before the onset`);
  const spoken = call.pushed.filter((value) => value >= LOUD);
  assert.equal(
    spoken.length,
    600 / FRAME_MS,
    "no frame of the speech is missing or doubled",
  );
});

Deno.test("sound that the PBX took for talking is reported as no speech when none arrives", async () => {
  using call = setUp();
  call.recogniser.expectSpeech();
  await call.silence(400);
  assert.equal(call.told.unfounded, 0);
  await call.silence(1000);
  assert.equal(call.told.unfounded, 1, "reported once");
  call.recogniser.expectSpeech();
  await call.silence(200);
  await call.speak(600);
  await call.silence(600);
  assert.equal(call.told.unfounded, 1);
  assert.equal(call.told.turns.length, 1);
});

Deno.test("recognition has begun before the silence window closes", async () => {
  using call = setUp();
  await call.speak(600);
  await call.silence(240);
  assert.equal(call.told.checkpoints, 1);
  assert.equal(call.told.turns.length, 0);
  await call.silence(240);
  assert.equal(call.told.turns.length, 1);
});

Deno.test("a text from before the last words does not end a turn", async () => {
  using call = setUp();
  await call.speak(600);
  await call.silence(200);
  call.asr.answer = undefined;
  await call.speak(400);
  await call.silence(1000);
  assert.equal(call.told.turns.length, 0, "the ASR has not returned the last words");
  await call.silence(1200);
  assert.equal(call.told.turns.length, 1);
});

Deno.test("a caller who stops in mid-sentence is waited for, and what follows belongs to the same turn", async () => {
  using call = setUp({ text: "I want the" });
  await call.speak(600);
  await call.silence(1500);
  assert.equal(call.told.turns.length, 0);
  await call.speak(600);
  await call.silence(2200);
  assert.equal(call.told.turns.length, 1);
  assert.equal(call.told.onsets, 1);
});

Deno.test("a discarded utterance is cancelled at the ASR and ends no turn", async () => {
  using call = setUp();
  await call.speak(300);
  await call.silence(200);
  call.recogniser.discard();
  await call.silence(3000);
  assert.equal(call.asr.cancelled, true);
  assert.equal(call.told.turns.length, 0);
});

Deno.test("an ASR that cannot begin is reported once per utterance, and the caller is still listened to", async () => {
  using call = setUp({ failsToOpen: true });
  await call.speak(300);
  await call.silence(1000);
  await call.speak(300);
  assert.equal(call.told.failures, 2);
});
