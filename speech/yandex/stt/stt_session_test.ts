import assert from "node:assert/strict";
import { concatPcm, pcmToBytes } from "../../../media/frame.ts";
import { eventually } from "../../../testing/eventually.ts";
import { toTones } from "../../../tests/servers/speech/tone_speech.ts";
import { YandexGrpcServer } from "../../../tests/servers/yandex/yandex_grpc_server.ts";
import { frames } from "../../audio_rig.ts";
import { failureOf } from "../../failure.ts";
import type { YandexChannel } from "../channel.ts";
import { lineNoise, setUp, STT } from "./stt_rig.ts";
import { SttSession } from "./stt_session.ts";

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

Deno.test("a noise that was not speech costs its session, not the next utterance", async () => {
  await using server = await YandexGrpcServer.start();
  await using setup = setUp(server);
  const abort = new AbortController();
  const noise = setup.open({ signal: abort.signal });
  noise.utterance.push(toTones("шум"));
  await eventually(() => (server.sttSessions[0]?.samples ?? 0) > 0, "the service hears the noise");
  abort.abort();
  const { utterance } = setup.open();
  utterance.push(toTones("вопрос"));
  assert.equal((await utterance.finish()).text, "Вопрос");
  // Cancelled or ended: a server cannot always tell the one from the other at once.
  await eventually(() => server.sttSessions[0]!.outcome !== "open", "the first session is over");
  assert.equal(server.sttSessions.length, 2);
});

Deno.test("a long utterance continues in a new session at a pause, and no sample is lost or doubled", async () => {
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

Deno.test("in speech without a pause sessions overlap, and each word comes once", async () => {
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

Deno.test("a muted caller keeps their session: silence is sent before the service hangs up", async () => {
  await using server = await YandexGrpcServer.start({
    sttLimits: { audioMs: 300_000, bytes: 1e7, idleMs: 500 },
  });
  await using setup = setUp(server, { keepaliveMs: 100 });
  const { utterance } = setup.open();
  utterance.push(toTones("раз"));
  await eventually(
    () => (server.sttSessions[0]?.silenceMs ?? 0) > 600,
    "silence is sent in place of frames",
  );
  utterance.push(toTones("два"));
  assert.equal((await utterance.finish()).text, "Раз два");
});

Deno.test("a service that accepts audio and never answers is detected while the caller is still speaking", async () => {
  await using server = await YandexGrpcServer.start();
  server.sttFaults.always({ kind: "stall", after: 0 });
  await using setup = setUp(server, { answerWithinMs: 50 });
  const failed = Promise.withResolvers<Error>();
  const { utterance } = setup.open({ onFailure: failed.resolve });
  utterance.push(toTones("раз"));
  const error = await failed.promise;
  assert.equal(failureOf(error, "yandex").code, "SILENT");
  await assert.rejects(utterance.finish(), error);
  await eventually(() => server.openStreams === 0, "the stream is closed at the service");
});

for (
  const [fault, code] of [
    [{ kind: "refuse", code: "UNAUTHENTICATED" }, "UNAUTHENTICATED"],
    [{ kind: "refuse", code: "RESOURCE_EXHAUSTED" }, "RESOURCE_EXHAUSTED"],
    [{ kind: "cut", after: 2 }, "UNAVAILABLE"],
    [{ kind: "empty" }, "ENDED"],
  ] as const
) {
  Deno.test(`an utterance reports the failure of its session without waiting for its end: ${code}`, async () => {
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

Deno.test("audio travels in messages of 60 ms, and the end of an utterance waits for no more of it", () => {
  const written: Record<string, unknown>[] = [];
  const channel = {
    open: () => ({
      write: (message: Record<string, unknown>) => void written.push(message),
      end: () => void written.push({ end: {} }),
      cancel: () => {},
    }),
  } as unknown as YandexChannel;
  const sent = () => written.splice(0).map((message) => Object.keys(message)[0]);
  const session = new SttSession(channel, { ...STT, languageCode: "ru-RU" }, 60_000);
  const [noise, silence] = [lineNoise(20), new Int16Array(320)];
  assert.deepEqual(sent(), ["session_options"]);
  for (let n = 0; n < 7; n++) session.write(noise);
  const [first] = written;
  assert.deepEqual(
    (first as { chunk: { data: Uint8Array } }).chunk.data,
    pcmToBytes(concatPcm([noise, noise, noise])),
  );
  assert.deepEqual(sent(), ["chunk", "chunk"]);
  session.endUtterance();
  assert.deepEqual(sent(), ["chunk", "eou"]);
  session.write(noise);
  session.write(silence);
  assert.deepEqual(sent(), ["chunk"], "a line that falls silent holds nothing back");
  session.write(noise);
  session.end();
  assert.deepEqual(sent(), ["silence_chunk", "chunk", "end"]);

  const attentive = new SttSession(
    channel,
    { ...STT, eou: "high", languageCode: "ru-RU" },
    60_000,
  );
  attentive.write(noise);
  attentive.cancel();
  assert.deepEqual(sent(), ["session_options", "chunk"], "the service's detector waits for none");
});
