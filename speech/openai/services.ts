// OpenAI's recogniser and voice as the settings define them. Loaded only where they are used: the
// client library costs an isolate about 8 MB.

import type { Settings } from "../../config/settings.ts";
import type { ServiceTimeouts } from "../service_timeouts.ts";
import type { AsrService, TtsService } from "../failover/service_list.ts";
import { cacheKeyOf, openAiVoiceOf } from "../voices/voices.ts";
import { openAiClient } from "./client.ts";
import { OpenAiAsr } from "./stt.ts";
import { OpenAiTts } from "./tts.ts";

/** Recognition: transcription in pieces. */
export function openAiRecogniser(settings: Settings, timeouts: ServiceTimeouts): AsrService {
  const provider = new OpenAiAsr(openAiClient(settings, timeouts.stallMs), {
    model: settings.OPENAI_STT_MODEL,
    pieceMs: settings.CHUNK_STREAMING_SECONDS * 1000,
    overlapMs: settings.CHUNK_OVERLAP_MS,
  });
  return { name: "openai", timeouts, provider };
}

/** Streaming speech. */
export function openAiVoice(settings: Settings, timeouts: ServiceTimeouts): TtsService {
  const voice = openAiVoiceOf(settings);
  const provider = new OpenAiTts(openAiClient(settings, timeouts.stallMs), voice);
  return { name: "openai", timeouts, provider, cacheKey: cacheKeyOf(voice) };
}
