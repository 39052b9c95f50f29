import assert from "node:assert/strict";
import { settingsWith } from "../../config/read_settings.ts";
import { OpenAiSpeechServer } from "../../tests/servers/openai/openai_speech_server.ts";
import { fromTones, toTones } from "../../tests/servers/speech/tone_speech.ts";
import { collect, NEVER } from "../audio_rig.ts";
import { failureOf } from "../failure.ts";
import { openAiClient } from "./client.ts";
import { OpenAiTts } from "./tts.ts";

function voiceOf(server: OpenAiSpeechServer, key = "sk-test", timeoutMs = 5000): OpenAiTts {
  const settings = settingsWith({ OPENAI_BASE_URL: server.baseUrl, OPENAI_API_KEY: key });
  return new OpenAiTts(openAiClient(settings, timeoutMs), {
    model: "gpt-4o-mini-tts",
    voice: "nova",
    speed: 1,
  });
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return failureOf(error, "openai").code;
  }
  return "none";
}

Deno.test("speech is requested as raw PCM and heard at our sample rate", async () => {
  await using server = new OpenAiSpeechServer();
  const pcm = await collect(
    voiceOf(server).synthesize("Добрый день!", { language: "ru", signal: NEVER }),
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
    collect(tts.synthesize("раз два", { language: "ru", signal: NEVER }));
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
  // The server makes all words before it answers: on a busy machine that takes longer than a caller waits.
  const speech = voiceOf(server, "sk-test", 60_000).synthesize("раз ".repeat(20), {
    language: "ru",
    signal: abort.signal,
  });
  for await (const _ of speech) if (++chunks === 2) abort.abort();
  assert.ok(chunks <= 3);
});
