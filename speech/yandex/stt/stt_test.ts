import assert from "node:assert/strict";
import { concatPcm, FRAME_SAMPLES, type Pcm } from "../../../media/frame.ts";
import { toTones } from "../../../tests/servers/speech/tone_speech.ts";
import { YandexGrpcServer } from "../../../tests/servers/yandex/yandex_grpc_server.ts";
import { channelTo } from "../../../tests/servers/yandex/yandex_setup.ts";
import type { AsrOptions } from "../../asr.ts";
import type { SpeechEvent } from "../../events.ts";
import { failureOf } from "../../failure.ts";
import { YandexAsr, type YandexAsrOptions } from "./stt.ts";

const STT = {
  model: "general",
  normalization: true,
  eou: "external",
  maxPauseMs: 0,
} as const satisfies YandexAsrOptions["stt"];

/** A recogniser on a test server, and what one utterance said. */
function setUp(server: YandexGrpcServer, changes: Partial<YandexAsrOptions> = {}) {
  const channel = channelTo(server, "stt");
  const events: SpeechEvent[] = [];
  const asr = new YandexAsr(channel, {
    stt: STT,
    languageCode: "",
    answerWithinMs: 2000,
    onEvent: (event) => events.push(event),
    ...changes,
  });
  const open = (changes: Partial<AsrOptions> = {}) => {
    const partials: string[] = [];
    let heard = Promise.withResolvers<void>();
    const utterance = asr.open({
      language: "ru",
      signal: new AbortController().signal,
      onPartial: ({ text }) => {
        partials.push(text);
        heard.resolve();
        heard = Promise.withResolvers();
      },
      ...changes,
    });
    return { utterance, partials, nextPartial: () => heard.promise };
  };
  return {
    asr,
    events,
    open,
    async [Symbol.asyncDispose]() {
      await asr[Symbol.asyncDispose]();
      channel[Symbol.dispose]();
    },
  };
}

function frames(pcm: Pcm): Pcm[] {
  const count = Math.ceil(pcm.length / FRAME_SAMPLES);
  return Array.from(
    { length: count },
    (_, i) => pcm.slice(i * FRAME_SAMPLES, (i + 1) * FRAME_SAMPLES),
  );
}

/** Silence as a line has it: not digital, far under speech. */
function lineNoise(ms: number): Pcm {
  return Int16Array.from({ length: ms * 16 }, (_, i) => (i * 7919) % 5 - 2);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

Deno.test("a session says language, model, raw PCM at 16 kHz, normalisation and who ends utterances", async () => {
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

Deno.test("Yandex's own detector is asked for with its sensitivity and pause hint", async () => {
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

Deno.test("Yandex's own detector still silent when we end: the end of the session ends the utterance", async () => {
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
  await until(() => partials.at(-1) === "сколько стоит машина");
  assert.equal((await utterance.finish()).text, "Сколько стоит машина");
});

Deno.test("a checkpoint makes the text ready, so that the end of the turn waits for nothing", async () => {
  await using server = await YandexGrpcServer.start();
  await using setup = setUp(server);
  const { utterance, partials } = setup.open();
  for (const frame of frames(toTones("сколько стоит"))) utterance.push(frame);
  utterance.checkpoint();
  await until(() => partials.at(-1) === "Сколько стоит");
  for (const frame of frames(lineNoise(300))) utterance.push(frame);
  assert.equal((await utterance.finish()).text, "Сколько стоит");
  assert.equal(server.sttSessions[0]!.eous, 1, "finishing needed no second end of utterance");
});

Deno.test("a caller who goes on after a checkpoint is heard to the end", async () => {
  await using server = await YandexGrpcServer.start();
  await using setup = setUp(server);
  const { utterance, partials } = setup.open();
  for (const frame of frames(toTones("сколько"))) utterance.push(frame);
  utterance.checkpoint();
  await until(() => partials.length > 0);
  for (const frame of frames(concatPcm([lineNoise(200), toTones("стоит")]))) utterance.push(frame);
  assert.equal((await utterance.finish()).text, "Сколько Стоит");
});

Deno.test("every checkpoint is answered, also when nothing was said", async () => {
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

Deno.test("one session serves utterance after utterance", async () => {
  await using server = await YandexGrpcServer.start();
  await using setup = setUp(server);
  for (const word of ["раз", "два", "три"]) {
    const { utterance } = setup.open();
    utterance.push(toTones(word));
    assert.equal((await utterance.finish()).text.toLowerCase(), word);
  }
  assert.equal(server.sttSessions.length, 1);
});

Deno.test("a noise that was no speech costs its session, not the next utterance", async () => {
  await using server = await YandexGrpcServer.start();
  await using setup = setUp(server);
  const abort = new AbortController();
  const noise = setup.open({ signal: abort.signal });
  noise.utterance.push(toTones("шум"));
  await until(() => (server.sttSessions[0]?.samples ?? 0) > 0);
  abort.abort();
  const { utterance } = setup.open();
  utterance.push(toTones("вопрос"));
  assert.equal((await utterance.finish()).text, "Вопрос");
  // Cancelled or ended: a server cannot always tell the one from the other at once.
  await until(() => server.sttSessions[0]!.outcome !== "open");
  assert.equal(server.sttSessions.length, 2);
});

Deno.test("digital silence is told as silence, not sent as audio", async () => {
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

Deno.test("audio of nothing but zeros has no words and waits for nobody", async () => {
  await using server = await YandexGrpcServer.start();
  await using setup = setUp(server);
  const { utterance } = setup.open();
  for (const frame of frames(new Int16Array(32_000))) utterance.push(frame);
  assert.deepEqual(await utterance.finish(), { text: "", final: true });
});

Deno.test("clipped audio is recognised as far as the service can", async () => {
  await using server = await YandexGrpcServer.start({
    ear: (pcm) => pcm.length > 0 ? "громко" : "",
  });
  await using setup = setUp(server);
  const { utterance } = setup.open();
  const square = Int16Array.from({ length: 16_000 }, (_, i) => (i >> 4) % 2 ? 32767 : -32768);
  for (const frame of frames(square)) utterance.push(frame);
  assert.equal((await utterance.finish()).text, "Громко");
});

Deno.test("a long utterance goes over into a new session at a pause: not a sample is lost or doubled", async () => {
  const limits = { pauseMs: 3000, pauseBytes: 1e9, cutMs: 4500, cutBytes: 1e9 };
  await using server = await YandexGrpcServer.start({
    sttLimits: { audioMs: 5000, bytes: 1e9, idleMs: 5000 },
  });
  await using setup = setUp(server, { limits });
  const { utterance } = setup.open();
  const words = Array.from({ length: 24 }, (_, i) => `слово${i}`);
  const speech = concatPcm(words.flatMap((word) => [toTones(word), lineNoise(240)]));
  for (const frame of frames(speech)) utterance.push(frame);
  const { text } = await utterance.finish();
  assert.equal(text.toLowerCase(), words.join(" "));
  assert.ok(server.sttSessions.length >= 3, `${server.sttSessions.length} sessions`);
  assert.equal(
    server.sttSessions.reduce((sum, { samples, silenceMs }) => sum + samples + silenceMs * 16, 0),
    speech.length,
  );
  assert.ok(setup.events.every((event) => event.kind === "rotation" && event.seam === "pause"));
});

Deno.test("ten minutes without a pause: sessions overlap, and each word is there once", async () => {
  const limits = { pauseMs: 3000, pauseBytes: 1e9, cutMs: 4000, cutBytes: 1e9 };
  await using server = await YandexGrpcServer.start({
    sttLimits: { audioMs: 5500, bytes: 1e9, idleMs: 5000 },
  });
  await using setup = setUp(server, { limits });
  const { utterance } = setup.open();
  const words = Array.from({ length: 60 }, (_, i) => `слово${i}`);
  for (const frame of frames(toTones(words.join(" ")))) utterance.push(frame);
  const { text } = await utterance.finish();
  assert.equal(text.toLowerCase(), words.join(" "));
  assert.ok(setup.events.length >= 3);
  assert.ok(setup.events.every((event) => event.kind === "rotation" && event.seam === "overlap"));
});

Deno.test("a muted caller keeps his session: silence is told before the service hangs up", async () => {
  await using server = await YandexGrpcServer.start({
    sttLimits: { audioMs: 300_000, bytes: 1e7, idleMs: 500 },
  });
  await using setup = setUp(server, { keepaliveMs: 100 });
  const { utterance } = setup.open();
  utterance.push(toTones("раз"));
  await until(() => (server.sttSessions[0]?.silenceMs ?? 0) > 600);
  utterance.push(toTones("два"));
  assert.equal((await utterance.finish()).text, "Раз два");
});

Deno.test("a service that accepts and never answers is found out while the caller still speaks", async () => {
  await using server = await YandexGrpcServer.start();
  server.sttFaults.always({ kind: "stall", after: 0 });
  await using setup = setUp(server, { answerWithinMs: 50 });
  const failed = Promise.withResolvers<Error>();
  const { utterance } = setup.open({ onFailure: failed.resolve });
  utterance.push(toTones("раз"));
  const error = await failed.promise;
  assert.equal(failureOf(error, "yandex").code, "SILENT");
  await assert.rejects(utterance.finish(), error);
  await until(() => server.openStreams === 0);
});

for (
  const [fault, code] of [
    [{ kind: "refuse", code: "UNAUTHENTICATED" }, "UNAUTHENTICATED"],
    [{ kind: "refuse", code: "RESOURCE_EXHAUSTED" }, "RESOURCE_EXHAUSTED"],
    [{ kind: "cut", after: 2 }, "UNAVAILABLE"],
    [{ kind: "empty" }, "ENDED"],
  ] as const
) {
  Deno.test(`an utterance whose session fails says so at once: ${code}`, async () => {
    await using server = await YandexGrpcServer.start();
    server.sttFaults.next(fault);
    await using setup = setUp(server);
    const failed = Promise.withResolvers<Error>();
    const { utterance } = setup.open({ onFailure: failed.resolve });
    for (const frame of frames(toTones("раз два три четыре"))) utterance.push(frame);
    const error = await failed.promise;
    assert.equal(failureOf(error, "yandex").code, code);
    await assert.rejects(utterance.finish(), error);
  });
}
