// A call's recogniser and voice as the settings define them. Each works as long as one of its
// services does. The rest of the product enters this room here.

import type { Settings } from "../config/settings.ts";
import type { AsrProvider } from "./asr.ts";
import {
  configuredServices,
  type LocalProviders,
  type SpeechHooks,
} from "./configured_services.ts";
import type { SpeechEvent } from "./events.ts";
import { Episodes } from "./failover/episodes.ts";
import { FailoverAsr } from "./failover/failover_asr.ts";
import { FailoverTts } from "./failover/failover_tts.ts";
import { PhraseCache, phraseFolder } from "./failover/phrase_cache.ts";
import type { TtsProvider } from "./tts.ts";

export { forgetPhrases } from "./voices/forget_phrases.ts";
export type { LocalProviders, SpeechHooks } from "./configured_services.ts";
export type { SpeechEvent, SpeechEventHandler } from "./events.ts";

/** A call's recogniser and voice. */
export interface Speech extends AsyncDisposable {
  readonly asr: AsrProvider;
  readonly tts: TtsProvider;
  /** Connects and logs in ahead of need. Never fails: a service that is down shows it when used. */
  warm(): Promise<void>;
  /** Applies what another isolate learned: one of its `breaker` events. */
  adopt(event: Extract<SpeechEvent, { kind: "breaker" }>): void;
  /** Closes all streams and connections, and finishes writing the phrase cache. */
  close(): Promise<void>;
}

const MB = 1_000_000;

/**
 * The speech services that `settings` name, in that order. `local` is required if they name it.
 *
 * @throws {Error} when a named service cannot be used: no engine, an unreadable key file.
 */
export async function createSpeech(
  settings: Settings,
  local: LocalProviders | undefined,
  hooks: SpeechHooks = {},
): Promise<Speech> {
  if (!local && [...settings.ASR_PROVIDER, ...settings.TTS_PROVIDER].includes("local")) {
    throw new Error("ASR_PROVIDER or TTS_PROVIDER names local, but there is no speech engine");
  }
  const episodes = new Episodes();
  const onEvent = hooks.onEvent ?? ((event) => episodes.happened(event));
  const services = await configuredServices(settings, local, hooks);
  const cache = settings.TTS_CACHE_MB > 0
    ? new PhraseCache(phraseFolder(settings), settings.TTS_CACHE_MB * MB)
    : undefined;
  const asr = new FailoverAsr(services.recognisers, onEvent);
  const tts = new FailoverTts(services.voices, cache, onEvent);
  const close = async () => {
    await services[Symbol.asyncDispose]();
    await cache?.flush();
  };
  return {
    asr,
    tts,
    warm: () => services.warm(),
    adopt: (event) => (event.task === "asr" ? asr.services : tts.services).adopt(event),
    close,
    [Symbol.asyncDispose]: close,
  };
}
