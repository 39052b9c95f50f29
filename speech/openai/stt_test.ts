import assert from "node:assert/strict";
import { settingsWith } from "../../config/read_settings.ts";
import { concatPcm } from "../../media/frame.ts";
import { eventually } from "../../testing/eventually.ts";
import { OpenAiSpeechServer } from "../../tests/servers/openai/openai_speech_server.ts";
import { toTones, wordsOf } from "../../tests/servers/speech/tone_speech.ts";
import type { AsrOptions } from "../asr.ts";
import { frames, NEVER } from "../audio_rig.ts";
import { failureOf } from "../failure.ts";
import { openAiClient } from "./client.ts";
import { OpenAiAsr } from "./stt.ts";

function openUtterance(server: OpenAiSpeechServer, changes: Partial<AsrOptions> = {}) {
  const partials: string[] = [];
  const settings = settingsWith({ OPENAI_BASE_URL: server.baseUrl, OPENAI_API_KEY: "sk-test" });
  const client = openAiClient(settings, 5000);
  const options = { model: "gpt-4o-mini-transcribe", pieceMs: 1000, overlapMs: 150 };
  const utterance = new OpenAiAsr(client, options).open({
    language: "ru",
    signal: NEVER,
    onPartial: ({ text }) => partials.push(text),
    ...changes,
  });
  return { utterance, partials };
}

Deno.test("a short turn is one transcription of a WAV in the caller's language", async () => {
  await using server = new OpenAiSpeechServer();
  const { utterance } = openUtterance(server);
  for (const frame of frames(toTones("привет"))) utterance.push(frame);
  assert.deepEqual(await utterance.finish(), { text: "привет", final: true });
  const [{ form, sampleRateHz }] = server.transcriptions as [typeof server.transcriptions[0]];
  assert.deepEqual(form, {
    model: "gpt-4o-mini-transcribe",
    language: "ru",
    response_format: "json",
  });
  assert.equal(sampleRateHz, 16_000);
});

Deno.test("a long turn is transcribed while the caller speaks, and a word cut in two comes out whole and once", async () => {
  await using server = new OpenAiSpeechServer();
  const { utterance, partials } = openUtterance(server);
  const text = Array.from({ length: 30 }, (_, i) => `стоимость${i} да`).join(" ");
  for (const frame of frames(toTones(text))) utterance.push(frame);
  await eventually(
    () => server.transcriptions.length >= 10 && partials.length > 0,
    "pieces are transcribed",
  );
  assert.equal((await utterance.finish()).text, wordsOf(text).join(" "));
});

Deno.test("pieces are cut at a pause, and a word that the caller repeats around it is kept twice", async () => {
  await using server = new OpenAiSpeechServer();
  const { utterance } = openUtterance(server);
  const speech = concatPcm([
    toTones("раз два три четыре да"),
    new Int16Array(3200),
    toTones("да пять шесть семь восемь"),
  ]);
  for (const frame of frames(speech)) utterance.push(frame);
  assert.equal((await utterance.finish()).text, "раз два три четыре да да пять шесть семь восемь");
  assert.ok(server.transcriptions.length >= 2);
});

Deno.test("a checkpoint's transcription is the final one when only silence follows", async () => {
  await using server = new OpenAiSpeechServer();
  const { utterance, partials } = openUtterance(server);
  for (const frame of frames(toTones("сколько стоит"))) utterance.push(frame);
  utterance.checkpoint();
  for (const frame of frames(new Int16Array(4800))) utterance.push(frame);
  assert.equal((await utterance.finish()).text, "сколько стоит");
  assert.equal(server.transcriptions.length, 1);
  assert.deepEqual(partials, []);
});

Deno.test("a checkpoint is answered, and a caller who continues is heard to the end", async () => {
  await using server = new OpenAiSpeechServer();
  const { utterance, partials } = openUtterance(server);
  for (const frame of frames(toTones("сколько"))) utterance.push(frame);
  utterance.checkpoint();
  await eventually(() => partials.at(-1) === "сколько", "the checkpoint is answered");
  for (const frame of frames(toTones("стоит"))) utterance.push(frame);
  assert.equal((await utterance.finish()).text, "сколько стоит");
});

Deno.test("silence is not sent to a model that would make words of it", async () => {
  await using server = new OpenAiSpeechServer();
  const { utterance, partials } = openUtterance(server);
  for (const frame of frames(new Int16Array(40_000))) utterance.push(frame);
  utterance.checkpoint();
  assert.deepEqual(partials, [""]);
  assert.deepEqual(await utterance.finish(), { text: "", final: true });
  assert.equal(server.transcriptions.length, 0);
});

Deno.test("a click too short for OpenAI is padded, not refused", async () => {
  await using server = new OpenAiSpeechServer();
  const { utterance } = openUtterance(server);
  utterance.push(toTones("я").slice(0, 800));
  assert.equal((await utterance.finish()).text, "я");
});

Deno.test("a failed piece is reported while the caller is still speaking", async () => {
  await using server = new OpenAiSpeechServer();
  server.sttFaults.next({ kind: "refuse", code: "RESOURCE_EXHAUSTED" });
  const failed = Promise.withResolvers<Error>();
  const { utterance } = openUtterance(server, { onFailure: failed.resolve });
  for (const frame of frames(toTones("раз два три четыре пять шесть семь восемь"))) {
    utterance.push(frame);
  }
  const error = await failed.promise;
  assert.equal(failureOf(error, "openai").code, "HTTP 429");
  await assert.rejects(utterance.finish(), error);
});
