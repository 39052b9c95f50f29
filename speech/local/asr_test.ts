import assert from "node:assert/strict";
import { durationMs, SAMPLE_RATE_HZ } from "../../media/frame.ts";
import { eventually } from "../../testing/eventually.ts";
import { AsrError } from "../asr.ts";
import { NEVER } from "../audio_rig.ts";
import { transcribe } from "../engine/recognition/transcribe.ts";
import { FakeEngine, open, voice } from "./engine_rig.ts";

Deno.test("silence after a checkpoint costs nothing: the checkpoint's text is the final one", async () => {
  const engine = new FakeEngine();
  using local = engine.connect();
  const utterance = open(local);
  utterance.push(voice(1000));
  utterance.checkpoint();
  for (let i = 0; i < 20; i++) utterance.push(new Int16Array(320));
  assert.deepEqual(await utterance.finish(), { text: "1.0 s", final: true });
  assert.deepEqual(engine.urgencies, ["pause"]);
});

Deno.test("a word after a checkpoint is not lost", async () => {
  const engine = new FakeEngine();
  using local = engine.connect();
  const partials: string[] = [];
  const utterance = open(local, partials);
  utterance.push(voice(1000));
  utterance.checkpoint();
  await eventually(() => partials.length > 0, "the checkpoint is answered");
  utterance.push(voice(500));
  assert.equal((await utterance.finish()).text, "1.5 s");
  assert.deepEqual(partials, ["1.0 s"]);
});

Deno.test("an utterance without a checkpoint gets its text at the end", async () => {
  using local = new FakeEngine().connect();
  const utterance = open(local);
  utterance.push(voice(700));
  assert.equal((await utterance.finish()).text, "0.7 s");
});

Deno.test("partial texts come while the caller speaks, and a busy engine is not a failure", async () => {
  const engine = new FakeEngine();
  using local = engine.connect({ partialEveryMs: 0 });
  const partials: string[] = [];
  const utterance = open(local, partials);
  engine.transcribeAnswer = () => Promise.resolve({ kind: "busy" });
  utterance.push(voice(400));
  await eventually(() => engine.urgencies.length === 1, "the engine is asked for a partial text");
  engine.transcribeAnswer = undefined;
  await eventually(() => {
    utterance.push(voice(100));
    return partials.length > 0;
  }, "a partial text comes");
  assert.ok(engine.urgencies.every((urgency) => urgency === "partial"));
  assert.match((await utterance.finish()).text, /s$/);
});

Deno.test("settled audio is not sent and recognised again", async () => {
  const engine = new FakeEngine();
  using local = engine.connect();
  const partials: string[] = [];
  const utterance = open(local, partials);
  engine.transcribeAnswer = () =>
    Promise.resolve({
      kind: "text",
      text: "First part. And",
      settled: { samples: 6 * SAMPLE_RATE_HZ, text: "First part." },
      ms: 1,
    });
  utterance.push(voice(7000));
  utterance.checkpoint();
  await eventually(() => partials.length > 0, "the checkpoint is answered");
  engine.transcribeAnswer = undefined;
  utterance.push(voice(1000));
  assert.equal((await utterance.finish()).text, "First part. 2.0 s");
});

Deno.test("an utterance survives the engine's death: the next engine gets all of its audio", async () => {
  const engine = new FakeEngine();
  using local = engine.connect();
  engine.transcribeAnswer = () => new Promise(() => {});
  const utterance = open(local);
  utterance.push(voice(1200));
  const final = utterance.finish();
  await eventually(() => engine.urgencies.length > 0, "the engine is asked for a text");
  local.close("crash");
  new FakeEngine().serve((port) => local.reconnect(port));
  assert.equal((await final).text, "1.2 s");
});

Deno.test("when no engine comes back in time, the error says what was lost", async () => {
  const engine = new FakeEngine();
  using local = engine.connect({ asrDeadlineMs: 30 });
  const utterance = open(local);
  utterance.push(voice(1200));
  local.close("out of memory");
  await assert.rejects(utterance.finish(), (error: Error) => {
    assert.ok(error instanceof AsrError);
    assert.match(error.message, /1\.2 s of speech.*30 ms/);
    return true;
  });
});

Deno.test("a hung-up call's recognition is cancelled at the engine", async () => {
  const engine = new FakeEngine();
  using local = engine.connect();
  engine.transcribeAnswer = () => new Promise(() => {});
  const call = new AbortController();
  const utterance = local.asr.open({ language: "en", signal: call.signal, onPartial() {} });
  utterance.push(voice(1000));
  utterance.checkpoint();
  await eventually(() => engine.urgencies.length > 0, "the engine is asked for a text");
  call.abort();
  await eventually(() => engine.cancelledTranscriptions > 0, "the transcription is cancelled");
  await assert.rejects(utterance.finish(), AsrError);
});

Deno.test("Russian is refused, naming the settings to change", () => {
  using local = new FakeEngine().connect();
  assert.throws(
    () => local.asr.open({ language: "ru", signal: NEVER, onPartial() {} }),
    (error: Error) =>
      error instanceof AsrError && /ASR_PROVIDER.*ASTERISK_LANG/.test(error.message),
  );
});

Deno.test("while nobody asks for a text in mid-sentence, none is made; each pause has one", async () => {
  const engine = new FakeEngine();
  using local = engine.connect({ partialEveryMs: 0 });
  const partials: string[] = [];
  const utterance = local.asr.open({
    language: "en",
    signal: NEVER,
    wantsPartials: () => false,
    onPartial: ({ text }) => partials.push(text),
  });
  for (let i = 0; i < 20; i++) utterance.push(voice(100));
  utterance.checkpoint();
  await eventually(() => partials.length > 0, "the checkpoint is answered");
  assert.deepEqual(engine.urgencies, ["pause"]);
  assert.equal((await utterance.finish()).text, "2.0 s");
  assert.deepEqual(engine.urgencies, ["pause"], "nothing was added: the text is the final one");
});

Deno.test("a caller who speaks on costs no transcription of what is not all they say", async () => {
  const engine = new FakeEngine();
  using local = engine.connect();
  engine.transcribeAnswer = () => new Promise(() => {});
  const utterance = local.asr.open({
    language: "en",
    signal: NEVER,
    wantsPartials: () => false,
    onPartial() {},
  });
  utterance.push(voice(1000));
  utterance.checkpoint();
  utterance.resumed!();
  await eventually(() => engine.cancelledTranscriptions === 1, "the transcription is cancelled");
  engine.transcribeAnswer = undefined;
  utterance.push(voice(1000));
  assert.equal((await utterance.finish()).text, "2.0 s");
});

Deno.test("a caller whose turn is over goes before others who have only paused", async () => {
  const engine = new FakeEngine();
  using local = engine.connect();
  const answer = Promise.withResolvers<void>();
  engine.transcribeAnswer = async () => {
    await answer.promise;
    return { kind: "text", text: "Hello.", settled: { samples: 0, text: "" }, ms: 1 };
  };
  const utterance = open(local);
  utterance.push(voice(1000));
  utterance.checkpoint();
  const final = utterance.finish();
  await eventually(() => engine.hurried === 1, "the engine is told");
  answer.resolve();
  assert.equal((await final).text, "Hello.");
  assert.deepEqual(engine.urgencies, ["pause"]);
});

for (const said of ["", "a word more"]) {
  Deno.test(`an utterance of ten pauses is decoded at most ${said ? "eleven" : "ten"} times when ${said || "nothing"} follows the last`, async () => {
    const { engine, decoded, text } = await speakInPhrases(10, said ? 1000 : 0);
    assert.equal(engine.urgencies.length, said ? 11 : 10);
    assert.ok(engine.urgencies.slice(0, 10).every((urgency) => urgency === "pause"));
    assert.match(text, /^(word ?)+$/);
    assert.ok(decoded > 0);
  });
}

Deno.test("what recognition costs grows with the speech, not with its square", async () => {
  const [short, long] = [await speakInPhrases(6), await speakInPhrases(24)];
  assert.ok(
    long.decoded < 4.5 * short.decoded,
    `${short.decoded} ms decoded of 6 phrases, ${long.decoded} of 24`,
  );
  assert.ok(long.decoded < 4 * 24 * 2500, `${long.decoded} ms decoded of ${24 * 2500} ms`);
});

/** Phrases of 2 s with pauses of half a second, as a call's recogniser hears them; then `more` ms of sound. */
async function speakInPhrases(phrases: number, more = 0) {
  const engine = new FakeEngine();
  using local = engine.connect();
  let decoded = 0;
  const model = {
    recognize: (pcm: Int16Array) => {
      decoded += durationMs(pcm.length);
      return Promise.resolve({ text: "word", confidence: 0 });
    },
  };
  engine.transcribeAnswer = async (pcm) => ({
    kind: "text",
    ms: 1,
    ...await transcribe(model, pcm, NEVER),
  });
  let answered = Promise.withResolvers<void>();
  const utterance = local.asr.open({
    language: "en",
    signal: NEVER,
    wantsPartials: () => false,
    onPartial: () => answered.resolve(),
  });
  for (let phrase = 1; phrase <= phrases; phrase++) {
    if (phrase > 1) utterance.resumed!();
    utterance.push(voice(2000));
    utterance.push(new Int16Array(SAMPLE_RATE_HZ / 2));
    utterance.checkpoint();
    await answered.promise;
    answered = Promise.withResolvers();
  }
  if (more > 0) utterance.push(voice(more));
  const { text } = await utterance.finish();
  return { engine, decoded, text };
}
