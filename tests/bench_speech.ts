// What the cloud speech services cost on our side: delays, rotation, failover, fifty calls at
// once. Against the stand-in servers on this machine, so the figures are ours, not Yandex's.
// `deno run -A tests/bench_speech.ts [name…]`; prints a line of figures for each name.

import process from "node:process";
import { type Settings, settingsWith } from "../config/settings.ts";
import { concatPcm, durationMs, FRAME_MS, FRAME_SAMPLES, type Pcm } from "../media/frame.ts";
import { SpeechAhead } from "../speech/ahead.ts";
import { createSpeech, type Speech } from "../speech/mod.ts";
import { OpenAiSpeechServer } from "./servers/openai_speech_server.ts";
import { fromTones, toTones, wordsOf } from "./servers/tone_speech.ts";
import { YandexGrpcServer } from "./servers/yandex_grpc_server.ts";
import { YandexRestServer } from "./servers/yandex_rest_server.ts";

const never = new AbortController().signal;

const BENCHES: Readonly<Record<string, () => Promise<object>>> = {
  tts_first_frame: ttsFirstFrame,
  tts_streamed: ttsStreamed,
  stt_delivery: sttDelivery,
  stt_final: sttFinal,
  stt_rotation: sttRotation,
  failover,
  fifty_calls: fiftyCalls,
};

/** From the moment the server sends its first audio to the first 20 ms frame in our hands. */
async function ttsFirstFrame(): Promise<object> {
  await using server = await YandexGrpcServer.start({ ttsPaceMs: 5 });
  await using speech = createSpeech(yandexOnly(server), undefined);
  await speech.warm();
  const delays: number[] = [];
  for (let i = 0; i < 200; i++) {
    for await (
      const pcm of speech.tts.synthesize(`раз два ${i}`, { language: "ru", signal: never })
    ) {
      if (pcm.length >= FRAME_SAMPLES) {
        delays.push(performance.now() - server.ttsRequests.at(-1)!.sentAt[0]!);
        break;
      }
    }
  }
  return { ...percentiles(delays, "Ms"), target: "p95 <= 10 ms" };
}

/** How much of a ten-second sentence is synthesised when its first frame is in our hands. */
async function ttsStreamed(): Promise<object> {
  await using server = await YandexGrpcServer.start({ ttsPaceMs: 20 });
  await using speech = createSpeech(yandexOnly(server), undefined);
  const text = Array.from({ length: 34 }, (_, i) => `слово${i % 10}`).join(" ");
  let samples = 0;
  let madeAtFirst = 0;
  for await (const pcm of speech.tts.synthesize(text, { language: "ru", signal: never })) {
    if (samples === 0) madeAtFirst = server.ttsRequests[0]!.sentAt.length;
    samples += pcm.length;
  }
  const unsynthesised = 1 - madeAtFirst / wordsOf(text).length;
  return {
    sentenceMs: Math.round(durationMs(samples)),
    unsynthesisedAtFirstFrame: round(unsynthesised),
    target: ">= 0.8",
  };
}

/** 20 ms frames in real time: from our push to the server's decoded chunk. */
async function sttDelivery(): Promise<object> {
  await using server = await YandexGrpcServer.start({ ear: () => "" });
  await using speech = createSpeech(yandexOnly(server), undefined);
  await speech.warm();
  const utterance = speech.asr.open({ language: "ru", signal: never, onPartial: () => {} });
  const frame = toTones("а").slice(0, FRAME_SAMPLES);
  const pushedAt: number[] = [];
  for (let i = 0; i < 500; i++) {
    pushedAt.push(performance.now());
    utterance.push(frame);
    await sleep(FRAME_MS);
  }
  await utterance.finish();
  const { chunkAt } = server.sttSessions[0]!;
  return {
    frames: chunkAt.length,
    ...percentiles(chunkAt.map((at, i) => at - pushedAt[i]!), "Ms"),
    target: "p95 <= 5 ms",
  };
}

/** From our end of utterance to the final text, the server answering at once. */
async function sttFinal(): Promise<object> {
  await using server = await YandexGrpcServer.start({ ear: (pcm) => pcm.length > 0 ? "да" : "" });
  await using speech = createSpeech(yandexOnly(server), undefined);
  const delays: number[] = [];
  for (let i = 0; i < 100; i++) {
    const utterance = speech.asr.open({ language: "ru", signal: never, onPartial: () => {} });
    utterance.push(toTones("да"));
    const askedAt = performance.now();
    await utterance.finish();
    delays.push(performance.now() - askedAt);
  }
  return { ...percentiles(delays, "Ms"), sessions: server.sttSessions.length };
}

/** Twelve minutes of speech in one utterance, pushed faster than real time. */
async function sttRotation(): Promise<object> {
  await using server = await YandexGrpcServer.start();
  await using speech = createSpeech(
    { ...yandexOnly(server), SPEECH_STALL_TIMEOUT_MS: 60_000 },
    undefined,
  );
  const words: string[] = [];
  const parts: Pcm[] = [];
  for (let ms = 0; ms < 12 * 60_000;) {
    const word = `слово${words.length}`;
    // A breath every ten words, as people do.
    const audio = concatPcm([toTones(word), new Int16Array(words.length % 10 === 9 ? 4800 : 0)]);
    words.push(word);
    parts.push(audio);
    ms += durationMs(audio.length);
  }
  // Not digital silence between the words: every sample must arrive as one.
  const audio = concatPcm(parts).map((sample) => sample === 0 ? 1 : sample);
  const utterance = speech.asr.open({ language: "ru", signal: never, onPartial: () => {} });
  for (let at = 0; at < audio.length; at += FRAME_SAMPLES) {
    utterance.push(audio.slice(at, at + FRAME_SAMPLES));
    if (at % (FRAME_SAMPLES * 500) === 0) await sleep(1);
  }
  const { text } = await utterance.finish();
  const heard = wordsOf(text);
  const received = server.sttSessions.reduce((sum, { samples }) => sum + samples, 0);
  return {
    audioMs: Math.round(durationMs(audio.length)),
    rotations: server.sttSessions.length - 1,
    samplesPushed: audio.length,
    samplesReceived: received,
    words: words.length,
    wordsWrong: words.filter((word, i) => heard[i] !== word).length,
    longestSessionMs: Math.max(
      ...server.sttSessions.map(({ samples, silenceMs }) =>
        Math.round(durationMs(samples) + silenceMs)
      ),
    ),
  };
}

/** The voice dies in the middle of an answer; played in real time, what does the caller hear? */
async function failover(): Promise<object> {
  await using server = await YandexGrpcServer.start({ ttsPaceMs: 10 });
  await using openai = new OpenAiSpeechServer();
  await using rest = new YandexRestServer();
  rest.ttsFaults.always({ kind: "refuse", code: "UNAVAILABLE" });
  await using speech = createSpeech(
    settingsWith({
      ...yandexOnly(server),
      TTS_PROVIDER: ["yandex", "openai"],
      YANDEX_TTS_V1_ENDPOINT: rest.endpoint,
      OPENAI_API_KEY: "sk-test",
      OPENAI_BASE_URL: openai.baseUrl,
    }),
    undefined,
  );
  const phrases = [
    "Испытательная машина растягивает образец",
    "датчик силы измеряет нагрузку",
    "результат виден на экране сразу",
    "протокол печатается сам",
  ];
  const ahead = new SpeechAhead(speech.tts, { language: "ru", parallel: 2, signal: never });
  for (const phrase of phrases) ahead.say(phrase);
  ahead.end();
  const heard: Pcm[] = [];
  let playedUntil = 0;
  let gapMs = 0;
  for await (const { index, audio } of ahead) {
    for await (const pcm of audio) {
      const now = performance.now();
      if (playedUntil > 0) gapMs = Math.max(gapMs, now - playedUntil);
      playedUntil = Math.max(playedUntil, now) + durationMs(pcm.length);
      heard.push(pcm);
      // Both phrases under way break off, and every later one is refused.
      if (index === 0 && heard.length === 2) await server.goAway();
    }
  }
  const said = wordsOf(phrases.join(" "));
  const words = fromTones(concatPcm(heard)).split(" ");
  return {
    wordsSaid: said.length,
    wordsHeard: words.length,
    same: said.join(" ") === words.join(" "),
    longestGapMs: Math.round(Math.max(0, gapMs)),
  };
}

/** Fifty calls for ten seconds, each speaking and listening all the time; servers apart. */
async function fiftyCalls(): Promise<object> {
  const calls = 50;
  const seconds = 10;
  await using servers = await startServers(100);
  const settings = settingsWith({
    ...servers.settings,
    ASR_PROVIDER: ["yandex"],
    TTS_PROVIDER: ["yandex"],
    TTS_CACHE_MB: 0,
  });
  const before = memoryMb();
  const speeches = Array.from({ length: calls }, () => createSpeech(settings, undefined));
  await Promise.all(speeches.map((speech) => speech.warm()));
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const until = startedAt + seconds * 1000;
  const texts = await Promise.all(speeches.map((speech, i) => converse(speech, i, until)));
  const cpu = process.cpuUsage(cpuBefore);
  const cpuMs = (cpu.user + cpu.system) / 1000;
  const elapsedMs = performance.now() - startedAt;
  const memory = memoryMb() - before;
  const busy = await servers.counts();
  await Promise.all(speeches.map((speech) => speech.close()));
  let left = await servers.counts();
  for (let i = 0; i < 100 && left.openStreams > 0; i++) {
    await sleep(10);
    left = await servers.counts();
  }
  return {
    calls,
    cpuPercentOfACoreACall: round(cpuMs / elapsedMs / calls * 100),
    memoryMbACall: round(memory / calls),
    utterances: texts.reduce((sum, { utterances }) => sum + utterances, 0),
    wrongTexts: texts.reduce((sum, { wrong }) => sum + wrong, 0),
    phrases: busy.ttsRequests,
    openStreamsAtTheEnd: left.openStreams,
  };
}

/** One call: frames in real time, an utterance every two seconds, always a phrase being spoken. */
async function converse(speech: Speech, call: number, until: number) {
  const abort = new AbortController();
  const speaking = (async () => {
    while (!abort.signal.aborted) {
      const text = `звонок ${call} отвечает длинной фразой без остановки`;
      for await (const _ of speech.tts.synthesize(text, { language: "ru", signal: abort.signal }));
    }
  })();
  let utterances = 0;
  let wrong = 0;
  while (performance.now() < until) {
    const said = `звонок ${call} вопрос ${utterances}`;
    const audio = toTones(said);
    const utterance = speech.asr.open({ language: "ru", signal: never, onPartial: () => {} });
    for (let at = 0; at < audio.length; at += FRAME_SAMPLES) {
      utterance.push(audio.slice(at, at + FRAME_SAMPLES));
      await sleep(FRAME_MS);
    }
    const { text } = await utterance.finish();
    utterances++;
    if (text.toLowerCase() !== said) wrong++;
  }
  abort.abort();
  await speaking;
  return { utterances, wrong };
}

function yandexOnly(server: YandexGrpcServer): Settings {
  return settingsWith({
    ASR_PROVIDER: ["yandex"],
    TTS_PROVIDER: ["yandex"],
    TTS_CACHE_MB: 0,
    YANDEX_API_KEY: "test-key",
    YANDEX_STT_ENDPOINT: server.endpoint,
    YANDEX_TTS_ENDPOINT: server.endpoint,
  });
}

interface Counts {
  readonly openStreams: number;
  readonly ttsRequests: number;
}

/** The stand-in servers in a process of their own, so that their cost is not counted as ours. */
async function startServers(ttsPaceMs: number) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL("servers/main.ts", import.meta.url).pathname, String(ttsPaceMs)],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const stdin = child.stdin.getWriter();
  const readJson = async () => JSON.parse((await lines.read()).value ?? "{}");
  return {
    settings: await readJson() as Partial<Settings>,
    async counts(): Promise<Counts> {
      await stdin.write(new TextEncoder().encode("\n"));
      return await readJson();
    },
    async [Symbol.asyncDispose]() {
      await stdin.close();
      await lines.cancel();
      await child.status;
    },
  };
}

function percentiles(values: readonly number[], unit: string): Record<string, number> {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.floor(share * (sorted.length - 1))] ?? NaN);
  return { [`p50${unit}`]: at(0.5), [`p95${unit}`]: at(0.95), [`max${unit}`]: at(1) };
}

function memoryMb(): number {
  return Deno.memoryUsage().rss / 1e6;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

for (const [name, bench] of Object.entries(BENCHES)) {
  if (Deno.args.length > 0 && !Deno.args.includes(name)) continue;
  const line = `${name}: ${JSON.stringify(await bench())}\n`;
  Deno.stdout.writeSync(new TextEncoder().encode(line));
}
