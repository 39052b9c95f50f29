// The speech engine, for the isolate that wraps it.

export {
  type EngineOptions,
  type EngineProgress,
  type EngineStats,
  SpeechEngine,
} from "./engine.ts";
export { ModelError } from "./models.ts";
