import assert from "node:assert/strict";
import { concatPcm } from "../../../media/frame.ts";
import { eventually } from "../../../testing/eventually.ts";
import { toTones } from "../../../tests/servers/speech/tone_speech.ts";
import { YandexGrpcServer } from "../../../tests/servers/yandex/yandex_grpc_server.ts";
import { frames } from "../../audio_rig.ts";
import { lineNoise, setUp, STT } from "./stt_rig.ts";

Deno.test("a session states language, model, raw PCM at 16 kHz, normalisation and who ends utterances", async () => {
  await using server = await YandexGrpcServer.start();
  await using setup = setUp(server);
  const { utterance } = setup.open();
  utterance.push(toTones("привет"));
  assert.deepEqual(await utterance.finish(), { text: "Привет", final: true });
  const [session] = server.sttSessions;
  assert.deepEqual(session!.options, {
    recognition_model: {
      model: "general",
      audio_format: {
        raw_audio: {
          audio_encoding: "LINEAR16_PCM",
          sample_rate_hertz: 16000,
          audio_channel_count: 1,
        },
        AudioFormat: "raw_audio",
      },
      text_normalization: { text_normalization: "TEXT_NORMALIZATION_ENABLED" },
      language_restriction: { restriction_type: "WHITELIST", language_code: ["ru-RU"] },
      audio_processing_type: "REAL_TIME",
    },
    eou_classifier: { external_classifier: {}, Classifier: "external_classifier" },
  });
  assert.equal(session!.headers["authorization"], "Api-Key test-key");
  assert.equal(session!.headers["x-folder-id"], undefined);
});

Deno.test("Yandex's own detector gets its sensitivity and pause hint", async () => {
  await using server = await YandexGrpcServer.start();
  await using setup = setUp(server, {
    stt: { ...STT, eou: "high", maxPauseMs: 700 },
    languageCode: "kk-KZ",
  });
  const over = Promise.withResolvers<void>();
  const { utterance } = setup.open({ onEndOfUtterance: over.resolve });
  for (const frame of frames(concatPcm([toTones("привет"), lineNoise(600)]))) utterance.push(frame);
  await over.promise;
  assert.equal((await utterance.finish()).text, "Привет");
  const { options, eous } = server.sttSessions[0]!;
  assert.deepEqual(options.eou_classifier.default_classifier, {
    type: "HIGH",
    max_pause_between_words_hint_ms: 700,
  });
  assert.deepEqual(options.recognition_model.language_restriction.language_code, ["kk-KZ"]);
  assert.equal(eous, 0, "an end of utterance may only be sent to an external classifier");
});

Deno.test("when we end before Yandex's own detector does, the end of the session ends the utterance", async () => {
  await using server = await YandexGrpcServer.start();
  await using setup = setUp(server, { stt: { ...STT, eou: "default" } });
  const { utterance } = setup.open();
  utterance.push(toTones("привет мир"));
  assert.equal((await utterance.finish()).text, "Привет мир");
});

Deno.test("the text grows while the caller speaks", async () => {
  await using server = await YandexGrpcServer.start();
  await using setup = setUp(server);
  const { utterance, partials, nextPartial } = setup.open();
  utterance.push(toTones("сколько стоит"));
  await nextPartial();
  utterance.push(toTones("машина"));
  await eventually(() => partials.at(-1) === "сколько стоит машина", "the last word is recognised");
  assert.equal((await utterance.finish()).text, "Сколько стоит машина");
});

Deno.test("a checkpoint prepares the text, so that the end of the turn waits for nothing", async () => {
  await using server = await YandexGrpcServer.start();
  await using setup = setUp(server);
  const { utterance, partials } = setup.open();
  for (const frame of frames(toTones("сколько стоит"))) utterance.push(frame);
  utterance.checkpoint();
  await eventually(() => partials.at(-1) === "Сколько стоит", "the checkpoint is answered");
  for (const frame of frames(lineNoise(300))) utterance.push(frame);
  assert.equal((await utterance.finish()).text, "Сколько стоит");
  assert.equal(server.sttSessions[0]!.eous, 1, "finishing needed no second end of utterance");
});

Deno.test("a caller who continues after a checkpoint is heard to the end", async () => {
  await using server = await YandexGrpcServer.start();
  await using setup = setUp(server);
  const { utterance, partials } = setup.open();
  for (const frame of frames(toTones("сколько"))) utterance.push(frame);
  utterance.checkpoint();
  await eventually(() => partials.length > 0, "the checkpoint is answered");
  for (const frame of frames(concatPcm([lineNoise(200), toTones("стоит")]))) utterance.push(frame);
  assert.equal((await utterance.finish()).text, "Сколько Стоит");
});

Deno.test("every checkpoint is answered, even when nothing was said", async () => {
  await using server = await YandexGrpcServer.start();
  await using setup = setUp(server);
  const { utterance, partials, nextPartial } = setup.open();
  utterance.push(lineNoise(100));
  utterance.checkpoint();
  await nextPartial();
  assert.deepEqual(partials, [""]);
  utterance.checkpoint();
  assert.deepEqual(partials, ["", ""]);
});

Deno.test("digital silence is sent as a duration, not as audio", async () => {
  await using server = await YandexGrpcServer.start();
  await using setup = setUp(server);
  const { utterance } = setup.open();
  for (const frame of frames(concatPcm([toTones("раз"), new Int16Array(16_000), toTones("два")]))) {
    utterance.push(frame);
  }
  assert.equal((await utterance.finish()).text, "Раз два");
  const { samples, silenceMs } = server.sttSessions[0]!;
  assert.equal(samples / 16 + silenceMs, toTones("раз два").length / 16 + 1000);
  assert.ok(silenceMs >= 1000);
});

Deno.test("audio of only zeros has no words, and nothing waits for its text", async () => {
  await using server = await YandexGrpcServer.start();
  await using setup = setUp(server);
  const { utterance } = setup.open();
  for (const frame of frames(new Int16Array(32_000))) utterance.push(frame);
  assert.deepEqual(await utterance.finish(), { text: "", final: true });
});

Deno.test("clipped audio is recognised as well as the service can", async () => {
  await using server = await YandexGrpcServer.start({
    ear: (pcm) => pcm.length > 0 ? "громко" : "",
  });
  await using setup = setUp(server);
  const { utterance } = setup.open();
  const square = Int16Array.from({ length: 16_000 }, (_, i) => (i >> 4) % 2 ? 32767 : -32768);
  for (const frame of frames(square)) utterance.push(frame);
  assert.equal((await utterance.finish()).text, "Громко");
});
