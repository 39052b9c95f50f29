import assert from "node:assert/strict";
import type { Settings } from "../config/settings.ts";
import { eventually } from "../testing/eventually.ts";
import type { SpeechEvent } from "./events.ts";
import { createSpeech } from "./mod.ts";
import { allServers, hear, say, sayInStream } from "./servers_rig.ts";

Deno.test("Yandex's voice fails over step by step: gRPC, its REST interface, then OpenAI", async () => {
  await using servers = await allServers();
  const events: SpeechEvent[] = [];
  await using speech = await createSpeech(servers.settings, undefined, {
    onEvent: (event) => events.push(event),
  });
  assert.equal(await say(speech, "раз"), "раз");
  servers.grpc.ttsFaults.always({ kind: "refuse", code: "RESOURCE_EXHAUSTED" });
  assert.equal(await say(speech, "два"), "два");
  assert.equal(servers.rest.v1Requests.length, 1);
  servers.rest.ttsFaults.always({ kind: "refuse", code: "INTERNAL" });
  assert.equal(await say(speech, "три"), "три");
  assert.equal(servers.openai.speeches.length, 1);
  const failovers = events.filter((event) => event.kind === "failover")
    .map(({ from, to, code, first }) => [from, to, code, first]);
  assert.deepEqual(failovers, [
    ["yandex", "yandex-rest", "RESOURCE_EXHAUSTED", true],
    ["yandex", "yandex-rest", "RESOURCE_EXHAUSTED", false],
    ["yandex-rest", "openai", "HTTP 500", true],
  ]);
});

Deno.test("when Yandex's recogniser fails in mid-sentence, OpenAI hears the whole sentence", async () => {
  await using servers = await allServers();
  servers.grpc.sttFaults.always({ kind: "cut", after: 1 });
  await using speech = await createSpeech(servers.settings, undefined);
  assert.equal(await hear(speech, "сколько стоит машина"), "сколько стоит машина");
  assert.equal(servers.openai.transcriptions.length, 1);
});

Deno.test("a phrase that breaks off at one service is finished by the next, each word once", async () => {
  await using servers = await allServers();
  servers.grpc.ttsFaults.always({ kind: "cut", after: 2 });
  servers.rest.ttsFaults.always({ kind: "refuse", code: "UNAVAILABLE" });
  await using speech = await createSpeech(servers.settings, undefined);
  assert.equal(await say(speech, "раз два три четыре пять"), "раз два три четыре пять");
});

for (const [mode, speak] of [["utterance", say], ["stream", sayInStream]] as const) {
  Deno.test(`a voice that accepts a request and never answers is given up, and its stream closed: ${mode}`, async () => {
    await using servers = await allServers({
      YANDEX_TTS_MODE: mode,
      SPEECH_FIRST_BYTE_TIMEOUT_MS: 50,
      SPEECH_STALL_TIMEOUT_MS: 50,
    });
    servers.grpc.ttsFaults.always({ kind: "stall", after: 0 });
    await using speech = await createSpeech(servers.settings, undefined);
    assert.equal(await speak(speech, "раз два"), "раз два");
    assert.equal(servers.rest.v1Requests.length, 1);
    await eventually(() => servers.grpc.openStreams === 0, "the stream is closed");
  });
}

Deno.test("an isolate that starts during an outage uses the next service without trying, and without an error line", async () => {
  await using servers = await allServers();
  const events: SpeechEvent[] = [];
  await using speech = await createSpeech(servers.settings, undefined, {
    onEvent: (event) => events.push(event),
  });
  speech.adopt({
    kind: "breaker",
    task: "tts",
    service: "yandex",
    state: "open",
    untilMs: Date.now() + 60_000,
  });
  assert.equal(await say(speech, "раз"), "раз");
  assert.equal(servers.grpc.ttsRequests.length, 0);
  assert.ok(events.every((event) => event.kind !== "failover"));
});

Deno.test("a cached phrase is used for its own voice, role and speed only", async () => {
  const DATA_DIR = await Deno.makeTempDir();
  await using servers = await allServers({ DATA_DIR, TTS_CACHE_MB: 1 });
  const asked = async (changes: Partial<Settings>) => {
    const before = servers.grpc.ttsRequests.length;
    await using speech = await createSpeech({ ...servers.settings, ...changes }, undefined);
    assert.equal(await say(speech, "раз"), "раз");
    return servers.grpc.ttsRequests.length - before;
  };
  assert.equal(await asked({}), 1);
  assert.equal(await asked({}), 0, "from the cache");
  assert.equal(await asked({ YANDEX_TTS_SPEED: 1 }), 1);
  assert.equal(await asked({ YANDEX_TTS_ROLE: "good" }), 1);
  assert.equal(await asked({ YANDEX_TTS_VOICE: "filipp" }), 1);
  await Deno.remove(DATA_DIR, { recursive: true });
});

Deno.test("a phrase spoken once can be played while every service is down", async () => {
  const DATA_DIR = await Deno.makeTempDir();
  await using servers = await allServers({
    DATA_DIR,
    TTS_CACHE_MB: 1,
    YANDEX_STT_ENDPOINT: "127.0.0.1:9",
  });
  {
    await using speech = await createSpeech(servers.settings, undefined);
    await say(speech, "Здравствуйте!");
  }
  await servers.grpc.goAway();
  servers.rest.ttsFaults.always({ kind: "refuse", code: "INTERNAL" });
  servers.openai.ttsFaults.always({ kind: "refuse", code: "INTERNAL" });
  await using speech = await createSpeech(servers.settings, undefined);
  assert.equal(await say(speech, "Здравствуйте!"), "здравствуйте");
  await assert.rejects(say(speech, "Что-то новое"));
  await Deno.remove(DATA_DIR, { recursive: true });
});
