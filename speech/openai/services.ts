// OpenAI's ear and voice as the settings have them. Loaded only where they are used: the client
// library costs an isolate some 8 MB.

import type { Settings } from "../../config/settings.ts";
import type { AsrProvider } from "../asr.ts";
import type { ServiceTimeouts } from "../deadline.ts";
import type { Voice } from "../failover/failover_tts.ts";
import type { Service } from "../services.ts";
import { openAiClient } from "./client.ts";
import { OpenAiAsr } from "./stt.ts";
import { OpenAiTts } from "./tts.ts";

/** Transcription in pieces. */
export function openAiEar(settings: Settings, patience: ServiceTimeouts): Service<AsrProvider> {
  const provider = new OpenAiAsr(openAiClient(settings, patience.stallMs), {
    model: settings.OPENAI_STT_MODEL,
    pieceMs: settings.CHUNK_STREAMING_SECONDS * 1000,
    overlapMs: settings.CHUNK_OVERLAP_MS,
  });
  return { name: "openai", patience, provider };
}

/** Streaming speech. */
export function openAiVoice(settings: Settings, patience: ServiceTimeouts): Voice {
  const voice = {
    model: settings.OPENAI_TTS_MODEL,
    voice: settings.OPENAI_TTS_VOICE,
    speed: settings.OPENAI_TTS_SPEED,
  };
  const provider = new OpenAiTts(openAiClient(settings, patience.stallMs), voice);
  const cacheKey = Object.values(voice).join(" ");
  return { name: "openai", patience, provider, cacheKey };
}
