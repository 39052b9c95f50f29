// Entry point of the speech-engine isolate.

import { logger } from "../../config/logging.ts";
import { SpeechEngine } from "../../speech/engine/engine.ts";
import { runIsolate } from "../otp/isolate_main.ts";
import type { EngineIsolateData, ToEngine } from "../messages.ts";

const log = logger("engine");

await runIsolate<ToEngine, never, EngineIsolateData>(async ({ settings }) => {
  const { ASR_PROVIDER, TTS_PROVIDER, ASTERISK_LANG, LOCAL_TTS_VOICE } = settings;
  const engine = await SpeechEngine.create({
    // The local recogniser speaks English only.
    recognizers: ASR_PROVIDER.includes("local") && ASTERISK_LANG === "en" ? 1 : 0,
    voices: TTS_PROVIDER.includes("local")
      ? [LOCAL_TTS_VOICE || { ru: "ru", en: "en-us" }[ASTERISK_LANG]]
      : [],
    onProgress: ({ part, ms }) => log.info("model loaded", { part, ms }),
  });
  return {
    onMessage: ({ port }) => engine.expose(port),
    onShutdown: async () => await engine[Symbol.asyncDispose](),
  };
});
