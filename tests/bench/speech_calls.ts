// The speech of many concurrent calls, each always listening and always speaking, by live streams to
// stand-in services in another process, whose cost is not counted.

import process from "node:process";
import { pause } from "../../runtime/waiting.ts";
import { settingsWith } from "../../config/read_settings.ts";
import type { Settings } from "../../config/settings.ts";
import { FRAME_MS, FRAME_SAMPLES } from "../../media/frame.ts";
import { createSpeech, type Speech } from "../../speech/mod.ts";
import { toTones } from "../servers/speech/tone_speech.ts";
import { line } from "./print.ts";
import { never } from "./speech_setup.ts";

const CALLS = 50;
const SECONDS = 10;
const PACE_MS = 100;

/** Prints CPU and memory per call, and the streams left open at the services. */
export async function benchCalls(): Promise<void> {
  await using servers = await startServers();
  const settings = settingsWith({
    ...servers.settings,
    ASR_PROVIDER: ["yandex"],
    TTS_PROVIDER: ["yandex"],
    TTS_CACHE_MB: 0,
  });
  const memoryBefore = memoryMb();
  const speeches = await Promise.all(
    Array.from({ length: CALLS }, () => createSpeech(settings, undefined)),
  );
  await Promise.all(speeches.map((speech) => speech.warm()));
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const talks = await Promise.all(
    speeches.map((speech, i) => converse(speech, i, startedAt + SECONDS * 1000)),
  );
  const { user, system } = process.cpuUsage(cpuBefore);
  const cpu = (user + system) / 1000 / (performance.now() - startedAt);
  const memory = memoryMb() - memoryBefore;
  const busy = await servers.counts();
  await Promise.all(speeches.map((speech) => speech.close()));
  let left = await servers.counts();
  for (let i = 0; i < 100 && left.openStreams > 0; i++) {
    await pause(10);
    left = await servers.counts();
  }
  const sum = (of: "utterances" | "wrong") => talks.reduce((sum, talk) => sum + talk[of], 0);
  await line(
    `${CALLS} calls at once, speech alone: ${(100 * cpu / CALLS).toFixed(2)} % of a core and ` +
      `${(memory / CALLS).toFixed(2)} MB a call`,
  );
  await line(
    `  ${sum("utterances")} utterances recognised, ${sum("wrong")} wrong   aim: 0; ` +
      `${busy.ttsRequests} phrases spoken`,
  );
  await line(`  streams left open at the services ${left.openStreams}   aim: 0`);
}

/** One call: frames in real time, one utterance after another, a phrase always being spoken. */
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
      await pause(FRAME_MS);
    }
    const { text } = await utterance.finish();
    utterances++;
    if (text.toLowerCase() !== said) wrong++;
  }
  abort.abort();
  await speaking;
  return { utterances, wrong };
}

interface Counts {
  readonly openStreams: number;
  readonly ttsRequests: number;
}

async function startServers() {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL("../servers/main.ts", import.meta.url).pathname, String(PACE_MS)],
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

function memoryMb(): number {
  return Deno.memoryUsage().rss / 1e6;
}
