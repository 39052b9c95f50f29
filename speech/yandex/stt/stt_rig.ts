// What tests of Yandex's recogniser have in common.

import type { Pcm } from "../../../media/frame.ts";
import type { YandexGrpcServer } from "../../../tests/servers/yandex/yandex_grpc_server.ts";
import { channelTo } from "../../../tests/servers/yandex/yandex_setup.ts";
import type { AsrOptions } from "../../asr.ts";
import type { SpeechEvent } from "../../events.ts";
import { YandexAsr, type YandexAsrOptions } from "./stt.ts";

export const STT = {
  model: "general",
  normalization: true,
  eou: "external",
  maxPauseMs: 0,
} as const satisfies YandexAsrOptions["stt"];

/** A recogniser on a test server, and what one utterance said. */
export function setUp(server: YandexGrpcServer, changes: Partial<YandexAsrOptions> = {}) {
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

/** Silence as a line has it: not digital, far under speech. */
export function lineNoise(ms: number): Pcm {
  return Int16Array.from({ length: ms * 16 }, (_, i) => (i * 7919) % 5 - 2);
}
