import assert from "node:assert/strict";
import { type Settings, settingsWith } from "../config/settings.ts";
import { concatPcm, type Pcm } from "../media/frame.ts";
import { LOCALHOST } from "../tests/servers/localhost_certificate.ts";
import { OpenAiSpeechServer } from "../tests/servers/openai_speech_server.ts";
import { fromTones, toTones } from "../tests/servers/tone_speech.ts";
import { YandexGrpcServer } from "../tests/servers/yandex_grpc_server.ts";
import { YandexRestServer } from "../tests/servers/yandex_rest_server.ts";
import type { SpeechEvent } from "./events.ts";
import { createSpeech, type Speech } from "./mod.ts";
import { prerender } from "./prerender.ts";
import { probeSpeech } from "./probe.ts";

const never = new AbortController().signal;

/** All services, and settings that lead to them. */
async function allServers(changes: Partial<Settings> = {}) {
  const grpc = await YandexGrpcServer.start();
  const rest = new YandexRestServer();
  const openai = new OpenAiSpeechServer();
  const settings = settingsWith({
    ASR_PROVIDER: ["yandex", "openai"],
    TTS_PROVIDER: ["yandex", "openai"],
    TTS_CACHE_MB: 0,
    YANDEX_API_KEY: "test-key",
    YANDEX_STT_ENDPOINT: grpc.endpoint,
    YANDEX_TTS_ENDPOINT: grpc.endpoint,
    YANDEX_TTS_V1_ENDPOINT: rest.endpoint,
    YANDEX_IAM_ENDPOINT: rest.endpoint,
    OPENAI_API_KEY: "sk-test",
    OPENAI_BASE_URL: openai.baseUrl,
    SPEECH_FIRST_BYTE_TIMEOUT_MS: 10_000,
    SPEECH_STALL_TIMEOUT_MS: 10_000,
    ...changes,
  });
  return {
    grpc,
    rest,
    openai,
    settings,
    async [Symbol.asyncDispose]() {
      await grpc[Symbol.asyncDispose]();
      await rest[Symbol.asyncDispose]();
      await openai[Symbol.asyncDispose]();
    },
  };
}

async function say(speech: Speech, text: string): Promise<string> {
  const parts: Pcm[] = [];
  for await (const pcm of speech.tts.synthesize(text, { language: "ru", signal: never })) {
    parts.push(pcm);
  }
  return fromTones(concatPcm(parts));
}

async function hear(speech: Speech, text: string): Promise<string> {
  const utterance = speech.asr.open({ language: "ru", signal: never, onPartial: () => {} });
  utterance.push(toTones(text));
  return (await utterance.finish()).text.toLowerCase();
}

Deno.test("Yandex's voice goes down step by step: gRPC, its REST interface, then OpenAI", async () => {
  await using servers = await allServers();
  const events: SpeechEvent[] = [];
  await using speech = createSpeech(servers.settings, undefined, {
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

Deno.test("Yandex's ears fail in mid-sentence: OpenAI hears the sentence whole", async () => {
  await using servers = await allServers();
  servers.grpc.sttFaults.always({ kind: "cut", after: 1 });
  await using speech = createSpeech(servers.settings, undefined);
  assert.equal(await hear(speech, "сколько стоит машина"), "сколько стоит машина");
  assert.equal(servers.openai.transcriptions.length, 1);
});

Deno.test("a phrase in the making breaks off at one service and ends at the next, each word once", async () => {
  await using servers = await allServers();
  servers.grpc.ttsFaults.always({ kind: "cut", after: 2 });
  servers.rest.ttsFaults.always({ kind: "refuse", code: "UNAVAILABLE" });
  await using speech = createSpeech(servers.settings, undefined);
  assert.equal(await say(speech, "раз два три четыре пять"), "раз два три четыре пять");
});

Deno.test("closing leaves no stream open at any service", async () => {
  await using servers = await allServers({ ASR_PROVIDER: ["yandex"] });
  const speech = createSpeech(servers.settings, undefined);
  await hear(speech, "раз");
  assert.equal(servers.grpc.openStreams, 1, "the session kept for the next utterance");
  const listening = ["два", "три"].map((word) => {
    const utterance = speech.asr.open({ language: "ru", signal: never, onPartial: () => {} });
    utterance.push(toTones(word));
    return utterance;
  });
  while (servers.grpc.openStreams < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  await speech.close();
  for (const utterance of listening) await assert.rejects(utterance.finish());
  while (servers.grpc.openStreams > 0) await new Promise((resolve) => setTimeout(resolve, 1));
});

Deno.test("both services are reached by TLS, and a certificate not trusted is refused", async () => {
  const certificate = LOCALHOST;
  const caFile = await Deno.makeTempFile({ suffix: ".pem" });
  await Deno.writeTextFile(caFile, certificate.cert);
  {
    await using server = await YandexGrpcServer.start({ certificate });
    const settings = (YANDEX_CA_FILE: string) =>
      settingsWith({
        ASR_PROVIDER: ["yandex"],
        TTS_PROVIDER: ["yandex"],
        TTS_CACHE_MB: 0,
        YANDEX_API_KEY: "test-key",
        YANDEX_STT_ENDPOINT: server.tlsEndpoint,
        YANDEX_TTS_ENDPOINT: server.tlsEndpoint,
        YANDEX_TTS_V1_ENDPOINT: "http://127.0.0.1:9",
        YANDEX_CA_FILE,
      });
    {
      await using speech = createSpeech(settings(caFile), undefined);
      await speech.warm();
      assert.equal(await say(speech, "привет"), "привет");
      assert.equal(await hear(speech, "привет"), "привет");
    }
    await using distrustful = createSpeech(settings(""), undefined);
    await assert.rejects(say(distrustful, "привет"), /UNAVAILABLE/);
  }
  await Deno.remove(caFile);
});

Deno.test("set phrases rendered at start are there when every service is down", async () => {
  const DATA_DIR = await Deno.makeTempDir();
  await using servers = await allServers({
    DATA_DIR,
    TTS_CACHE_MB: 1,
    YANDEX_STT_ENDPOINT: "127.0.0.1:9",
  });
  {
    await using speech = createSpeech(servers.settings, undefined);
    const phrases = ["Здравствуйте!", "Секунду", "Секунду"];
    assert.equal(await prerender(speech.tts, phrases, { language: "ru", signal: never }), 2);
  }
  await servers.grpc.goAway();
  servers.rest.ttsFaults.always({ kind: "refuse", code: "INTERNAL" });
  servers.openai.ttsFaults.always({ kind: "refuse", code: "INTERNAL" });
  await using speech = createSpeech(servers.settings, undefined);
  assert.equal(await say(speech, "Здравствуйте!"), "здравствуйте");
  await assert.rejects(say(speech, "Что-то новое"));
  await Deno.remove(DATA_DIR, { recursive: true });
});

Deno.test("an isolate that starts during an outage goes to the next service at once, without an error line", async () => {
  await using servers = await allServers();
  const events: SpeechEvent[] = [];
  await using speech = createSpeech(servers.settings, undefined, {
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

Deno.test("the local engine named and not given is an error at once", () => {
  assert.throws(() => createSpeech(settingsWith({}), undefined), /local is named/);
});

Deno.test("doctor tries each configured service and says the fix", async () => {
  await using servers = await allServers();
  const results = [];
  for await (const result of probeSpeech(servers.settings)) results.push(result);
  assert.deepEqual(results.map(({ service, ok }) => [service, ok]), [
    ["yandex recognition", true],
    ["openai recognition", true],
    ["yandex synthesis", true],
    ["yandex-rest synthesis", true],
    ["openai synthesis", true],
  ]);
  servers.grpc.access.allowed.clear();
  servers.openai.sttFaults.always({ kind: "refuse", code: "UNAVAILABLE" });
  servers.openai.ttsFaults.always({ kind: "refuse", code: "UNAVAILABLE" });
  const fixes = [];
  for await (const { ok, fix } of probeSpeech(servers.settings)) if (!ok) fixes.push(fix);
  assert.equal(fixes.length, 4);
  assert.match(fixes[0]!, /UNAUTHENTICATED; check YANDEX_API_KEY/);
  assert.match(fixes[1]!, /HTTP 503/);
});
