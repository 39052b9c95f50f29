// Entry point of the speech-engine isolate.

import { logger } from "../../config/logging.ts";
import { SpeechEngine } from "../../speech/engine/engine.ts";
import { wantedModels } from "../../speech/engine/wanted_models.ts";
import type { EngineIsolateData, ToEngine } from "../messages.ts";
import { runIsolate } from "../otp/isolate_main.ts";

const log = logger("engine");

await runIsolate<ToEngine, never, EngineIsolateData>(async ({ settings }) => {
  const engine = await SpeechEngine.create({
    ...wantedModels(settings, navigator.hardwareConcurrency),
    onProgress: ({ part, ms }) => log.info("model loaded", { part, ms }),
  });
  return {
    onMessage: ({ port }) => engine.expose(port),
    onShutdown: async () => await engine[Symbol.asyncDispose](),
  };
});
