// Entry point of the speech-engine isolate.

import { SpeechEngine } from "../speech/engine/mod.ts";
import { runIsolate } from "./isolate_main.ts";
import type { ToEngine } from "./messages.ts";

await runIsolate<ToEngine, never>(async ({ settings }) => {
  const engine = await SpeechEngine.create({ settings });
  return {
    onMessage: ({ port }) => engine.expose(port),
    onShutdown: () => engine.close(),
  };
});
