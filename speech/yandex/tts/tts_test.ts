import assert from "node:assert/strict";
import { concatPcm, type Pcm } from "../../../media/frame.ts";
import { eventually } from "../../../testing/eventually.ts";
import { fromTones, wordsOf } from "../../../tests/servers/speech/tone_speech.ts";
import { YandexGrpcServer } from "../../../tests/servers/yandex/yandex_grpc_server.ts";
import { channelTo } from "../../../tests/servers/yandex/yandex_setup.ts";
import { collect, NEVER } from "../../audio_rig.ts";
import { failureOf } from "../../failure.ts";
import { YandexTts, type YandexVoice } from "./tts.ts";

const JANE: YandexVoice = { voice: "jane", role: "good", speed: 1.2 };

async function failureCode(audio: AsyncIterable<Pcm>): Promise<string> {
  try {
    await collect(audio);
  } catch (error) {
    return failureOf(error, "yandex").code;
  }
  return "none";
}

Deno.test("a request states the voice, its role and its speed one by one, and asks for raw PCM at 16 kHz", async () => {
  await using server = await YandexGrpcServer.start();
  using channel = channelTo(server, "tts");
  const tts = new YandexTts(channel, JANE);
  const pcm = await collect(tts.synthesize("Добрый день!", { language: "ru", signal: NEVER }));
  assert.equal(fromTones(pcm), "добрый день");
  const [request] = server.ttsRequests;
  assert.deepEqual(request!.messages, [{
    text: "Добрый день!",
    hints: [
      { voice: "jane", Hint: "voice" },
      { role: "good", Hint: "role" },
      { speed: 1.2, Hint: "speed" },
    ],
    output_audio_spec: {
      raw_audio: { audio_encoding: "LINEAR16_PCM", sample_rate_hertz: 16000 },
      AudioFormat: "raw_audio",
    },
    loudness_normalization_type: "LUFS",
    Utterance: "text",
  }]);
  assert.equal(request!.headers["authorization"], "Api-Key test-key");
  assert.equal(request!.headers["x-folder-id"], undefined, "a service account names no folder");
});

Deno.test("a text over 250 characters is spoken completely, each word once, by requests within the limit", async () => {
  await using server = await YandexGrpcServer.start();
  using channel = channelTo(server, "tts");
  const tts = new YandexTts(channel, JANE);
  const text = Array.from({ length: 90 }, (_, i) => `слово${i}${i % 9 === 8 ? "." : ","}`).join(
    " ",
  );
  const pcm = await collect(tts.synthesize(text, { language: "ru", signal: NEVER }));
  assert.equal(fromTones(pcm), wordsOf(text).join(" "));
  assert.ok(server.ttsRequests.length >= 4);
});

Deno.test("the first audio arrives before the rest is synthesised", async () => {
  await using server = await YandexGrpcServer.start({ ttsPaceMs: 5 });
  using channel = channelTo(server, "tts");
  const tts = new YandexTts(channel, JANE);
  const text = "раз два три четыре пять шесть семь восемь девять десять";
  let atFirst = 0;
  for await (const _ of tts.synthesize(text, { language: "ru", signal: NEVER })) {
    atFirst ||= server.ttsRequests[0]!.sentAt.length;
  }
  assert.ok(atFirst <= 2, `${atFirst} words were synthesised before the first was heard`);
});

Deno.test("progress is reported in characters of the text", async () => {
  await using server = await YandexGrpcServer.start();
  using channel = channelTo(server, "tts");
  const told: number[] = [];
  const tts = new YandexTts(channel, JANE);
  await collect(
    tts.synthesize("Раз, два, три.", {
      language: "ru",
      signal: NEVER,
      onSpoken: (at) => told.push(at),
    }),
  );
  assert.deepEqual(told, [4, 9, 14]);
});

Deno.test("a caller who talks over the bot stops the synthesis at the service", async () => {
  await using server = await YandexGrpcServer.start({ ttsPaceMs: 5 });
  using channel = channelTo(server, "tts");
  const tts = new YandexTts(channel, JANE);
  const abort = new AbortController();
  const words = "слово ".repeat(30);
  let chunks = 0;
  for await (const _ of tts.synthesize(words, { language: "ru", signal: abort.signal })) {
    if (++chunks === 3) abort.abort();
  }
  assert.equal(chunks, 3);
  await eventually(() => server.openStreams === 0, "the stream is closed at the service");
  assert.equal(server.ttsRequests[0]!.outcome, "cancelled");
});

Deno.test("an abandoned synthesis is stopped at the service too", async () => {
  await using server = await YandexGrpcServer.start({ ttsPaceMs: 5 });
  using channel = channelTo(server, "tts");
  const tts = new YandexTts(channel, JANE);
  for await (
    const _ of tts.synthesize("раз ".repeat(30), { language: "ru", signal: NEVER })
  ) break;
  await eventually(() => server.openStreams === 0, "the stream is closed at the service");
  assert.equal(server.ttsRequests[0]!.outcome, "cancelled");
});

Deno.test("each failure states its code, and an answer without audio is a failure", async () => {
  await using server = await YandexGrpcServer.start();
  using channel = channelTo(server, "tts");
  const tts = new YandexTts(channel, JANE);
  const attempt = () => failureCode(tts.synthesize("Привет", { language: "ru", signal: NEVER }));
  for (const code of ["RESOURCE_EXHAUSTED", "INVALID_ARGUMENT", "UNAUTHENTICATED"] as const) {
    server.ttsFaults.next({ kind: "refuse", code });
    assert.equal(await attempt(), code);
  }
  server.ttsFaults.next({ kind: "cut", after: 0 }, { kind: "empty" });
  assert.equal(await attempt(), "UNAVAILABLE");
  assert.equal(await attempt(), "EMPTY");
  assert.equal(await attempt(), "none");
});

Deno.test("a key never appears in an error", async () => {
  await using server = await YandexGrpcServer.start();
  const secret = "AQVNyb3-this_is_a_secret_key_0123456789";
  server.ttsFaults.next({
    kind: "refuse",
    code: "UNAUTHENTICATED",
    details: `Unknown api key '${secret}'`,
  });
  using channel = channelTo(server, "tts");
  const tts = new YandexTts(channel, JANE);
  await assert.rejects(
    collect(tts.synthesize("Привет", { language: "ru", signal: NEVER })),
    (error: Error) => !error.message.includes(secret) && /YANDEX_API_KEY/.test(error.message),
  );
});

Deno.test("once the service is back, the next phrase is spoken without a new channel", async () => {
  await using server = await YandexGrpcServer.start({ ttsPaceMs: 5 });
  using channel = channelTo(server, "tts");
  const tts = new YandexTts(channel, JANE);
  const speak = () => collect(tts.synthesize("раз два три", { language: "ru", signal: NEVER }));
  assert.equal(fromTones(await speak()), "раз два три");
  await server.goAway();
  await assert.rejects(speak(), (error) => failureOf(error, "yandex").retryable);
  server.comeBack();
  await channel.warm(5000);
  assert.equal(fromTones(await speak()), "раз два три");
});

Deno.test("one stream speaks an answer while it is being written, and tells which text is heard", async () => {
  await using server = await YandexGrpcServer.start();
  using channel = channelTo(server, "tts");
  const tts = new YandexTts(channel, JANE, 1000);
  const heardFirst = Promise.withResolvers<void>();
  async function* answer() {
    yield "Первая фраза.";
    // The model is still writing: the first phrase must be heard before the second is there.
    await heardFirst.promise;
    yield "Вторая, подлиннее.";
  }
  const heard: Pcm[][] = [[], []];
  for await (
    const { index, pcm } of tts.synthesizeStream!(answer(), { language: "ru", signal: NEVER })
  ) {
    heard[index]!.push(pcm);
    heardFirst.resolve();
  }
  assert.deepEqual(heard.map((parts) => fromTones(concatPcm(parts))), [
    "первая фраза",
    "вторая подлиннее",
  ]);
  assert.equal(server.ttsRequests.length, 1);
  assert.deepEqual(server.ttsRequests[0]!.messages[0], {
    options: {
      voice: "jane",
      role: "good",
      speed: 1.2,
      output_audio_spec: {
        raw_audio: { audio_encoding: "LINEAR16_PCM", sample_rate_hertz: 16000 },
        AudioFormat: "raw_audio",
      },
      loudness_normalization_type: "LUFS",
    },
    Event: "options",
  });
});

Deno.test("a cancelled answer's stream is cancelled at the service, whatever the model does", async () => {
  await using server = await YandexGrpcServer.start({ ttsPaceMs: 5 });
  using channel = channelTo(server, "tts");
  const tts = new YandexTts(channel, JANE, 1000);
  const abort = new AbortController();
  const unfinished = Promise.withResolvers<void>();
  async function* answer() {
    yield "слово ".repeat(30);
    await unfinished.promise;
  }
  for await (const _ of tts.synthesizeStream!(answer(), { language: "ru", signal: abort.signal })) {
    abort.abort();
  }
  await eventually(() => server.openStreams === 0, "the stream is closed at the service");
  assert.ok(server.ttsRequests[0]!.sentAt.length < 30, "it stopped speaking");
  unfinished.resolve();
});

Deno.test("an answer's stream that falls silent while text is waiting is given up", async () => {
  await using server = await YandexGrpcServer.start();
  server.ttsFaults.next({ kind: "stall", after: 1 });
  using channel = channelTo(server, "tts");
  const tts = new YandexTts(channel, JANE, 20);
  async function* answer() {
    yield "Раз два три.";
  }
  await assert.rejects(async () => {
    for await (const _ of tts.synthesizeStream!(answer(), { language: "ru", signal: NEVER }));
  }, (error) => failureOf(error, "yandex").code === "STALLED");
  await eventually(() => server.openStreams === 0, "the stream is closed at the service");
});

Deno.test("ten thousand characters go into a stream completely, in pieces within the limit", async () => {
  await using server = await YandexGrpcServer.start();
  using channel = channelTo(server, "tts");
  const tts = new YandexTts(channel, JANE, 10_000);
  const text = Array.from({ length: 1250 }, (_, i) => `сл${String(i).padStart(5, "0")}`).join(" ");
  async function* answer() {
    yield text;
  }
  const parts: Pcm[] = [];
  for await (const { pcm } of tts.synthesizeStream!(answer(), { language: "ru", signal: NEVER })) {
    parts.push(pcm);
  }
  assert.equal(fromTones(concatPcm(parts)), text);
  const pieces = server.ttsRequests[0]!.messages.flatMap(({ synthesis_input }) =>
    synthesis_input?.text ?? []
  );
  assert.ok(pieces.length >= 40 && pieces.every((piece) => piece.trim().length <= 250));
});

Deno.test("an answer's stream that the service ends early fails, so that another voice can continue", async () => {
  await using server = await YandexGrpcServer.start();
  using channel = channelTo(server, "tts");
  const tts = new YandexTts(channel, JANE, 1000);
  const stillWriting = Promise.withResolvers<void>();
  async function* written() {
    yield "Раз два три.";
  }
  async function* beingWritten() {
    await stillWriting.promise;
    yield "Раз два три.";
  }
  for (const texts of [written(), beingWritten()]) {
    server.ttsFaults.next({ kind: "empty" });
    await assert.rejects(async () => {
      for await (const _ of tts.synthesizeStream!(texts, { language: "ru", signal: NEVER }));
    }, (error) => failureOf(error, "yandex").code === "ENDED");
  }
  stillWriting.resolve();
});

Deno.test("speech requested after the call has closed its channel fails, and nothing else happens", async () => {
  await using server = await YandexGrpcServer.start();
  const channel = channelTo(server, "tts");
  channel[Symbol.dispose]();
  const tts = new YandexTts(channel, JANE);
  const code = await failureCode(tts.synthesize("раз", { language: "ru", signal: NEVER }));
  assert.equal(code, "CLOSED");
});
