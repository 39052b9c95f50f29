import assert from "node:assert/strict";
import { FRAME_MS, FRAME_SAMPLES } from "../../media/frame.ts";
import type { AsrProvider } from "../../speech/asr.ts";
import { type HeardSoFar, type HeardTurn, Listener } from "./listener.ts";

const LOUD = 1000;

/** Ears with a detector that takes loud frames for speech, and a recogniser that counts. */
function ears({ text = "What is the price?", failsToOpen = false } = {}) {
  const pushed: number[] = [];
  const told = {
    onsets: 0,
    unfounded: 0,
    turns: [] as HeardTurn[],
    soFar: [] as HeardSoFar[],
    failures: 0,
    checkpoints: 0,
  };
  const recogniser = { answer: text as string | undefined, cancelled: false };
  const asr: AsrProvider = {
    name: "counting",
    open: ({ onPartial, signal }) => {
      if (failsToOpen) throw new Error("no recogniser");
      signal.addEventListener("abort", () => recogniser.cancelled = true);
      return {
        push: (pcm) => void pushed.push(pcm[0]!),
        checkpoint: () => {
          told.checkpoints++;
          if (recogniser.answer !== undefined) onPartial({ text: recogniser.answer, final: false });
        },
        finish: () => Promise.resolve({ text, final: true }),
      };
    },
  };
  const listener = new Listener({
    call: "c1",
    vad: {
      probability: (window) => Promise.resolve(window[0]! >= LOUD ? 0.9 : 0.05),
      reset: () => {},
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
    },
    events: {
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
      // Each frame bears its number, so that a test can tell which ones the recogniser got.
      listener.hear(new Int16Array(FRAME_SAMPLES).fill(level + sent++ % 900), performance.now());
      await Promise.resolve();
      await Promise.resolve();
    }
    await new Promise((resolve) => setTimeout(resolve));
  };
  return {
    listener,
    recogniser,
    told,
    pushed,
    speak: (ms: number) => hear(ms, LOUD),
    silence: (ms: number) => hear(ms, 0),
    [Symbol.dispose]: () => listener[Symbol.dispose](),
  };
}

Deno.test("the first word is whole: what came 300 ms before it was noticed is recognised too", async () => {
  using call = ears();
  await call.silence(1000);
  await call.speak(600);
  assert.equal(call.told.onsets, 1);
  const before = call.pushed.filter((value) => value < LOUD).length * FRAME_MS;
  assert.ok(before >= 300, `only ${before} ms of what came before`);
  const spoken = call.pushed.filter((value) => value >= LOUD);
  assert.equal(
    spoken.length,
    600 / FRAME_MS,
    "no frame of the speech is missing, none is there twice",
  );
});

Deno.test("what the PBX took for talking is known to be none when speech does not come", async () => {
  using call = ears();
  call.listener.expectSpeech();
  await call.silence(400);
  assert.equal(call.told.unfounded, 0);
  await call.silence(1000);
  assert.equal(call.told.unfounded, 1, "told once");
  call.listener.expectSpeech();
  await call.silence(200);
  await call.speak(600);
  await call.silence(600);
  assert.equal(call.told.unfounded, 1);
  assert.equal(call.told.turns.length, 1);
});

Deno.test("recognition has begun before the silence window closes", async () => {
  using call = ears();
  await call.speak(600);
  await call.silence(240);
  assert.equal(call.told.checkpoints, 1);
  assert.equal(call.told.turns.length, 0);
  await call.silence(240);
  assert.equal(call.told.turns.length, 1);
});

Deno.test("a text of before the last words does not end a turn", async () => {
  using call = ears();
  await call.speak(600);
  await call.silence(200);
  call.recogniser.answer = undefined;
  await call.speak(400);
  await call.silence(1000);
  assert.equal(call.told.turns.length, 0, "the recogniser has not said how it ends");
  await call.silence(1200);
  assert.equal(call.told.turns.length, 1);
});

Deno.test("an unfinished sentence is waited for, and is one turn with what follows", async () => {
  using call = ears({ text: "I want the" });
  await call.speak(600);
  await call.silence(1500);
  assert.equal(call.told.turns.length, 0);
  await call.speak(600);
  await call.silence(2200);
  assert.equal(call.told.turns.length, 1);
  assert.equal(call.told.onsets, 1);
});

Deno.test("an utterance that was discarded is cancelled at the recogniser and ends no turn", async () => {
  using call = ears();
  await call.speak(300);
  await call.silence(200);
  call.listener.discard();
  await call.silence(3000);
  assert.equal(call.recogniser.cancelled, true);
  assert.equal(call.told.turns.length, 0);
});

Deno.test("a recogniser that cannot begin is reported once a word, and the ears stay open", async () => {
  using call = ears({ failsToOpen: true });
  await call.speak(300);
  await call.silence(1000);
  await call.speak(300);
  assert.equal(call.told.failures, 2);
});
