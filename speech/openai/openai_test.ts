import assert from "node:assert/strict";
import { settingsWith } from "../../config/read_settings.ts";
import { concatPcm, FRAME_SAMPLES, type Pcm } from "../../media/frame.ts";
import { OpenAiSpeechServer } from "../../tests/servers/openai/openai_speech_server.ts";
import { fromTones, toTones, wordsOf } from "../../tests/servers/speech/tone_speech.ts";
import type { AsrOptions } from "../asr.ts";
import { failureOf } from "../failure.ts";
import { openAiClient } from "./client.ts";
import { OpenAiAsr } from "./stt.ts";
import { OpenAiTts } from "./tts.ts";

const never = new AbortController().signal;

function clientOf(server: OpenAiSpeechServer, key = "sk-test") {
  return openAiClient(settingsWith({ OPENAI_BASE_URL: server.baseUrl, OPENAI_API_KEY: key }), 5000);
}

function voiceOf(server: OpenAiSpeechServer, key?: string): OpenAiTts {
  return new OpenAiTts(clientOf(server, key), {
    model: "gpt-4o-mini-tts",
    voice: "nova",
    speed: 1,
  });
}

function openUtterance(server: OpenAiSpeechServer, changes: Partial<AsrOptions> = {}) {
  const partials: string[] = [];
  const options = { model: "gpt-4o-mini-transcribe", pieceMs: 1000, overlapMs: 150 };
  const utterance = new OpenAiAsr(clientOf(server), options).open({
    language: "ru",
    signal: never,
    onPartial: ({ text }) => partials.push(text),
    ...changes,
  });
  return { utterance, partials };
}

function frames(pcm: Pcm): Pcm[] {
  const count = Math.ceil(pcm.length / FRAME_SAMPLES);
  return Array.from(
    { length: count },
    (_, i) => pcm.slice(i * FRAME_SAMPLES, (i + 1) * FRAME_SAMPLES),
  );
}

async function collect(audio: AsyncIterable<Pcm>): Promise<Pcm> {
  const parts: Pcm[] = [];
  for await (const pcm of audio) parts.push(pcm);
  return concatPcm(parts);
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return failureOf(error, "openai").code;
  }
  return "none";
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

Deno.test("speech is asked for as raw PCM and heard at our rate", async () => {
  await using server = new OpenAiSpeechServer();
  const pcm = await collect(
    voiceOf(server).synthesize("Добрый день!", { language: "ru", signal: never }),
  );
  assert.equal(fromTones(pcm), "добрый день");
  assert.equal(pcm.length, toTones("Добрый день").length);
  assert.deepEqual(server.speeches, [{
    model: "gpt-4o-mini-tts",
    voice: "nova",
    speed: 1,
    input: "Добрый день!",
    response_format: "pcm",
    stream_format: "audio",
  }]);
});

Deno.test("each way OpenAI's speech fails says its code, and never the key", async () => {
  await using server = new OpenAiSpeechServer();
  const speak = (tts: OpenAiTts) =>
    collect(tts.synthesize("раз два", { language: "ru", signal: never }));
  server.ttsFaults.next(
    { kind: "refuse", code: "RESOURCE_EXHAUSTED" },
    { kind: "refuse", code: "UNAVAILABLE" },
    { kind: "empty" },
    { kind: "cut", after: 1 },
  );
  const codes = [];
  for (let i = 0; i < 5; i++) codes.push(await codeOf(speak(voiceOf(server))));
  assert.deepEqual(codes, ["HTTP 429", "HTTP 503", "EMPTY", "UNAVAILABLE", "none"]);
  const secret = "sk-proj-0123456789abcdefghij";
  await assert.rejects(
    speak(voiceOf(server, secret)),
    (error: Error) => !error.message.includes(secret) && /OPENAI_API_KEY/.test(error.message),
  );
});

Deno.test("a barge-in ends OpenAI's speech without an error", async () => {
  await using server = new OpenAiSpeechServer();
  server.paceMs = 5;
  const abort = new AbortController();
  let chunks = 0;
  const speech = voiceOf(server).synthesize("раз ".repeat(20), {
    language: "ru",
    signal: abort.signal,
  });
  for await (const _ of speech) if (++chunks === 2) abort.abort();
  assert.ok(chunks <= 3);
});

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

Deno.test("a long turn is transcribed while the caller speaks; words cut in two come out whole, once", async () => {
  await using server = new OpenAiSpeechServer();
  const { utterance, partials } = openUtterance(server);
  const text = Array.from({ length: 30 }, (_, i) => `стоимость${i} да`).join(" ");
  for (const frame of frames(toTones(text))) utterance.push(frame);
  await until(() => server.transcriptions.length >= 10 && partials.length > 0);
  assert.equal((await utterance.finish()).text, wordsOf(text).join(" "));
});

Deno.test("a pause is where pieces are cut, and a caller may say a word twice around it", async () => {
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

Deno.test("a checkpoint is answered, and a caller who goes on is heard to the end", async () => {
  await using server = new OpenAiSpeechServer();
  const { utterance, partials } = openUtterance(server);
  for (const frame of frames(toTones("сколько"))) utterance.push(frame);
  utterance.checkpoint();
  await until(() => partials.at(-1) === "сколько");
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

Deno.test("a failed piece is told while the caller speaks", async () => {
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
