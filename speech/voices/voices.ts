// The voices that the settings choose, and what tells each from others in the phrase cache. Loads no
// service's library.

import type { Settings } from "../../config/settings.ts";
import type { ServiceName } from "../failure.ts";

/** SpeechKit's voice. */
export function yandexVoice(settings: Settings) {
  return {
    voice: settings.YANDEX_TTS_VOICE,
    role: settings.YANDEX_TTS_ROLE,
    speed: settings.YANDEX_TTS_SPEED,
  };
}

/** OpenAI's voice. */
export function openAiVoiceOf(settings: Settings) {
  return {
    model: settings.OPENAI_TTS_MODEL,
    voice: settings.OPENAI_TTS_VOICE,
    speed: settings.OPENAI_TTS_SPEED,
  };
}

/** The local engine's voice. */
export function localVoiceOf(settings: Settings) {
  return { voice: settings.LOCAL_TTS_VOICE, speed: settings.LOCAL_TTS_SPEED };
}

/** A voice as a part of keys of the phrase cache. */
export function cacheKeyOf(voice: Readonly<Record<string, string | number>>): string {
  return Object.values(voice).join(" ");
}

/** Every voice that can have spoken with these settings, also of services that are not in use now. */
export function cachedVoices(
  settings: Settings,
): { readonly service: ServiceName; readonly cacheKey: string }[] {
  const yandex = cacheKeyOf(yandexVoice(settings));
  return [
    { service: "yandex", cacheKey: yandex },
    { service: "yandex-rest", cacheKey: yandex },
    { service: "openai", cacheKey: cacheKeyOf(openAiVoiceOf(settings)) },
    { service: "local", cacheKey: cacheKeyOf(localVoiceOf(settings)) },
  ];
}
