// All speech services, played by test servers, and a call's speech on them.

import { settingsWith } from "../config/read_settings.ts";
import type { Settings } from "../config/settings.ts";
import { concatPcm, type Pcm } from "../media/frame.ts";
import { OpenAiSpeechServer } from "../tests/servers/openai/openai_speech_server.ts";
import { fromTones, toTones } from "../tests/servers/speech/tone_speech.ts";
import { YandexGrpcServer } from "../tests/servers/yandex/yandex_grpc_server.ts";
import { YandexRestServer } from "../tests/servers/yandex/yandex_rest_server.ts";
import { collect, NEVER } from "./audio_rig.ts";
import type { Speech } from "./mod.ts";

/** All services, and settings that lead to them. */
export async function allServers(changes: Partial<Settings> = {}) {
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

export async function say(speech: Speech, text: string): Promise<string> {
  const options = { language: "ru", signal: NEVER, keep: true } as const;
  return fromTones(await collect(speech.tts.synthesize(text, options)));
}

export async function sayInStream(speech: Speech, text: string): Promise<string> {
  async function* answer() {
    yield text;
  }
  const parts: Pcm[] = [];
  const options = { language: "ru", signal: NEVER } as const;
  for await (const { pcm } of speech.tts.synthesizeStream!(answer(), options)) parts.push(pcm);
  return fromTones(concatPcm(parts));
}

export async function hear(speech: Speech, text: string): Promise<string> {
  const utterance = speech.asr.open({ language: "ru", signal: NEVER, onPartial: () => {} });
  utterance.push(toTones(text));
  return (await utterance.finish()).text.toLowerCase();
}
