// What recognition costs on our side: frames on their way to the service, the final text on its way back,
// and an utterance longer than the service's sessions.

import { pause } from "../../runtime/waiting.ts";
import { concatPcm, durationMs, FRAME_MS, FRAME_SAMPLES, type Pcm } from "../../media/frame.ts";
import { createSpeech } from "../../speech/mod.ts";
import { toTones, wordsOf } from "../servers/speech/tone_speech.ts";
import { YandexGrpcServer } from "../servers/yandex/yandex_grpc_server.ts";
import { line, row } from "./print.ts";
import { never, yandexOnly } from "./speech_setup.ts";

const SPEECH_MINUTES = 12;
/** No sample is digital silence, so that every sample that arrives can be counted. */
const QUIETEST = 1;

export async function benchEar(): Promise<void> {
  await delivery();
  await finals();
  await rotation();
}

/** 20 ms frames in real time: from our push to the server's decoded chunk. */
async function delivery(): Promise<void> {
  await using server = await YandexGrpcServer.start({ ear: () => "" });
  await using speech = await createSpeech(yandexOnly(server), undefined);
  await speech.warm();
  const utterance = speech.asr.open({ language: "ru", signal: never, onPartial: () => {} });
  const frame = toTones("а").slice(0, FRAME_SAMPLES);
  const pushedAt: number[] = [];
  for (let i = 0; i < 500; i++) {
    pushedAt.push(performance.now());
    utterance.push(frame);
    await pause(FRAME_MS);
  }
  await utterance.finish();
  const { chunkAt } = server.sttSessions[0]!;
  const delays = chunkAt.map((at, i) => at - pushedAt[i]!);
  await row("20 ms frame to the service's hands", delays, "p95 5 ms");
}

/** From our end of utterance to the final text; the server answers immediately. */
async function finals(): Promise<void> {
  await using server = await YandexGrpcServer.start({ ear: (pcm) => pcm.length > 0 ? "да" : "" });
  await using speech = await createSpeech(yandexOnly(server), undefined);
  const delays: number[] = [];
  for (let i = 0; i < 100; i++) {
    const utterance = speech.asr.open({ language: "ru", signal: never, onPartial: () => {} });
    utterance.push(toTones("да"));
    const askedAt = performance.now();
    await utterance.finish();
    delays.push(performance.now() - askedAt);
  }
  await row("our end of utterance to the final text", delays);
}

/** Minutes of speech in one utterance, pushed faster than real time. */
async function rotation(): Promise<void> {
  await using server = await YandexGrpcServer.start();
  await using speech = await createSpeech(
    yandexOnly(server, { SPEECH_STALL_TIMEOUT_MS: 60_000 }),
    undefined,
  );
  const words: string[] = [];
  const parts: Pcm[] = [];
  for (let ms = 0; ms < SPEECH_MINUTES * 60_000;) {
    const word = `слово${words.length}`;
    // A breath every ten words, as people take.
    const audio = concatPcm([toTones(word), new Int16Array(words.length % 10 === 9 ? 4800 : 0)]);
    words.push(word);
    parts.push(audio);
    ms += durationMs(audio.length);
  }
  const audio = concatPcm(parts).map((sample) => sample === 0 ? QUIETEST : sample);
  const utterance = speech.asr.open({ language: "ru", signal: never, onPartial: () => {} });
  for (let at = 0; at < audio.length; at += FRAME_SAMPLES) {
    utterance.push(audio.slice(at, at + FRAME_SAMPLES));
    if (at % (FRAME_SAMPLES * 500) === 0) await pause(1);
  }
  const heard = wordsOf((await utterance.finish()).text);
  const wrong = words.filter((word, i) => heard[i] !== word).length;
  const received = server.sttSessions.reduce((sum, { samples }) => sum + samples, 0);
  const longest = Math.max(
    ...server.sttSessions.map(({ samples, silenceMs }) => durationMs(samples) + silenceMs),
  );
  await line(
    `speech of ${SPEECH_MINUTES} min: rotated ${server.sttSessions.length - 1} times   aim: 2; ` +
      `longest session ${(longest / 1000).toFixed(0)} s   aim: under 300`,
  );
  await line(`  samples sent ${audio.length}, received ${received}   aim: the same`);
  await line(`  words said ${words.length}, wrong or lost ${wrong}   aim: 0`);
}
