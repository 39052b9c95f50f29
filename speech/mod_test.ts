import assert from "node:assert/strict";
import { settingsWith } from "../config/read_settings.ts";
import type { Settings } from "../config/settings.ts";
import { concatPcm, type Pcm } from "../media/frame.ts";
import { LOCALHOST } from "../tests/servers/localhost_certificate.ts";
import { OpenAiSpeechServer } from "../tests/servers/openai/openai_speech_server.ts";
import { fromTones, toTones } from "../tests/servers/speech/tone_speech.ts";
import { YandexGrpcServer } from "../tests/servers/yandex/yandex_grpc_server.ts";
import { YandexRestServer } from "../tests/servers/yandex/yandex_rest_server.ts";
import type { SpeechEvent } from "./events.ts";
import { createSpeech, type Speech } from "./mod.ts";
import { probeSpeech } from "./probe.ts";
import { IamTokens } from "./yandex/auth/iam.ts";

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

async function sayInStream(speech: Speech, text: string): Promise<string> {
  async function* answer() {
    yield text;
  }
  const parts: Pcm[] = [];
  const options = { language: "ru", signal: never } as const;
  for await (const { pcm } of speech.tts.synthesizeStream!(answer(), options)) parts.push(pcm);
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

Deno.test("Yandex's recognisers fail in mid-sentence: OpenAI hears the sentence whole", async () => {
  await using servers = await allServers();
  servers.grpc.sttFaults.always({ kind: "cut", after: 1 });
  await using speech = await createSpeech(servers.settings, undefined);
  assert.equal(await hear(speech, "сколько стоит машина"), "сколько стоит машина");
  assert.equal(servers.openai.transcriptions.length, 1);
});

Deno.test("a phrase in the making breaks off at one service and ends at the next, each word once", async () => {
  await using servers = await allServers();
  servers.grpc.ttsFaults.always({ kind: "cut", after: 2 });
  servers.rest.ttsFaults.always({ kind: "refuse", code: "UNAVAILABLE" });
  await using speech = await createSpeech(servers.settings, undefined);
  assert.equal(await say(speech, "раз два три четыре пять"), "раз два три четыре пять");
});

Deno.test("what the settings say of voice and recognition is what Yandex is asked", async () => {
  await using servers = await allServers({
    YANDEX_TTS_VOICE: "jane",
    YANDEX_TTS_ROLE: "evil",
    YANDEX_TTS_SPEED: 0.8,
    YANDEX_STT_MODEL: "general:rc",
    YANDEX_STT_LANGUAGE: "kk-KZ",
    YANDEX_STT_NORMALIZATION: false,
    YANDEX_STT_EOU: "high",
    YANDEX_STT_MAX_PAUSE_MS: 900,
  });
  await using speech = await createSpeech(servers.settings, undefined);
  await say(speech, "раз");
  await hear(speech, "раз");
  assert.deepEqual(
    servers.grpc.ttsRequests[0]!.messages[0].hints.map(({ Hint: _, ...hint }: { Hint: string }) =>
      hint
    ),
    [{ voice: "jane" }, { role: "evil" }, { speed: 0.8 }],
  );
  const { recognition_model, eou_classifier } = servers.grpc.sttSessions[0]!.options;
  assert.equal(recognition_model.model, "general:rc");
  assert.deepEqual(recognition_model.language_restriction.language_code, ["kk-KZ"]);
  const { text_normalization } = recognition_model.text_normalization;
  assert.equal(text_normalization, "TEXT_NORMALIZATION_DISABLED");
  assert.deepEqual(eou_classifier.default_classifier, {
    type: "HIGH",
    max_pause_between_words_hint_ms: 900,
  });
});

for (const [mode, speak] of [["utterance", say], ["stream", sayInStream]] as const) {
  Deno.test(`a voice that accepts and never answers is left, and its stream closed: ${mode}`, async () => {
    await using servers = await allServers({
      YANDEX_TTS_MODE: mode,
      SPEECH_FIRST_BYTE_TIMEOUT_MS: 50,
      SPEECH_STALL_TIMEOUT_MS: 50,
    });
    servers.grpc.ttsFaults.always({ kind: "stall", after: 0 });
    await using speech = await createSpeech(servers.settings, undefined);
    assert.equal(await speak(speech, "раз два"), "раз два");
    assert.equal(servers.rest.v1Requests.length, 1);
    while (servers.grpc.openStreams > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  });
}

Deno.test("a phrase in the cache is that of its voice, role and speed, and of no other", async () => {
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

Deno.test("an expired token is exchanged anew and the phrase is heard", async () => {
  await using servers = await allServers({
    YANDEX_API_KEY: "",
    OAUTH_TOKEN: "oauth-test",
    YANDEX_FOLDER_ID: "test-folder",
  });
  const { grpc, rest } = servers;
  let now = Date.now();
  const tokens = new IamTokens(
    rest.endpoint,
    () => Promise.resolve({ yandexPassportOauthToken: "oauth-test" }),
    () => now,
  );
  const admit = (token: string) => {
    grpc.access.allowed.add(`Bearer ${token}`);
    grpc.access.users.add(`Bearer ${token}`);
  };
  await using speech = await createSpeech(servers.settings, undefined, { tokens });
  admit(await tokens.token());
  assert.equal(await say(speech, "раз"), "раз");
  // Ended at the service before its time, as a revoked session's is.
  grpc.access.allowed.clear();
  now += 60_000;
  admit("t1.test-2");
  assert.equal(await say(speech, "два"), "два");
  assert.equal(rest.exchanges, 2);
  assert.equal(
    servers.openai.speeches.length + rest.v1Requests.length,
    0,
    "no other voice was asked",
  );
});

Deno.test("closing leaves no stream open at any service", async () => {
  await using servers = await allServers({ ASR_PROVIDER: ["yandex"] });
  const speech = await createSpeech(servers.settings, undefined);
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
      await using speech = await createSpeech(settings(caFile), undefined);
      await speech.warm();
      assert.equal(await say(speech, "привет"), "привет");
      assert.equal(await hear(speech, "привет"), "привет");
    }
    await using distrustful = await createSpeech(settings(""), undefined);
    await assert.rejects(say(distrustful, "привет"), /UNAVAILABLE/);
  }
  await Deno.remove(caFile);
});

Deno.test("a phrase said once is there when every service is down", async () => {
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

Deno.test("an isolate that starts during an outage goes to the next service at once, without an error line", async () => {
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

Deno.test("naming the local engine without having one is an error at start", async () => {
  await assert.rejects(createSpeech(settingsWith({}), undefined), /names local/);
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
