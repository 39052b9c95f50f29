// Entry point of the speech-engine isolate.

import { logger } from "../../config/logging.ts";
import { SpeechEngine } from "../../speech/engine/engine.ts";
import { wantedModels } from "../../speech/engine/wanted_models.ts";
import type { EngineIsolateData, FromEngine, ToEngine } from "../messages.ts";
import { runIsolate } from "../otp/isolate_main.ts";

const log = logger("engine");

/** The service admits calls by these figures; a few sorts of 500 numbers cost the engine nothing. */
const STATS_EVERY_MS = 1000;

await runIsolate<ToEngine, FromEngine, EngineIsolateData>(async ({ settings }, send) => {
  const engine = await SpeechEngine.create({
    ...wantedModels(settings, navigator.hardwareConcurrency),
    onProgress: ({ part, ms }) => log.info("model loaded", { part, ms }),
  });
  const reports = setInterval(
    () => send({ kind: "stats", stats: engine.stats() }),
    STATS_EVERY_MS,
  );
  return {
    onMessage: ({ port }) => engine.expose(port),
    onShutdown: async () => {
      clearInterval(reports);
      await engine[Symbol.asyncDispose]();
    },
  };
});
