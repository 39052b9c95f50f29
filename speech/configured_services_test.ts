import assert from "node:assert/strict";
import { settingsWith } from "../config/read_settings.ts";
import { eventually } from "../testing/eventually.ts";
import { LOCALHOST } from "../tests/servers/localhost_certificate.ts";
import { toTones } from "../tests/servers/speech/tone_speech.ts";
import { YandexGrpcServer } from "../tests/servers/yandex/yandex_grpc_server.ts";
import { NEVER } from "./audio_rig.ts";
import { createSpeech } from "./mod.ts";
import { allServers, hear, say } from "./servers_rig.ts";
import { IamTokens } from "./yandex/auth/iam.ts";

Deno.test("Yandex is asked for the voice and the recognition that the settings name", async () => {
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

Deno.test("an expired token is exchanged for a new one and the phrase is heard", async () => {
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
    const utterance = speech.asr.open({ language: "ru", signal: NEVER, onPartial: () => {} });
    utterance.push(toTones(word));
    return utterance;
  });
  await eventually(() => servers.grpc.openStreams >= 2, "two utterances are heard");
  await speech.close();
  for (const utterance of listening) await assert.rejects(utterance.finish());
  await eventually(() => servers.grpc.openStreams === 0, "all streams are closed");
});

Deno.test("both services are reached over TLS, and an untrusted certificate is refused", async () => {
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

Deno.test("naming the local engine without having one is an error at start", async () => {
  await assert.rejects(createSpeech(settingsWith({}), undefined), /names local/);
});
