// The speech of a call, as the settings have it: ears and a voice that go on working while one of
// their services does. The door into this room.

import type { Settings } from "../config/settings.ts";
import type { AsrProvider } from "./asr.ts";
import { configuredServices, type LocalProviders, type ServiceTies } from "./configured.ts";
import type { SpeechEvent } from "./events.ts";
import { Episodes } from "./failover/episodes.ts";
import { FailoverAsr } from "./failover/failover_asr.ts";
import { FailoverTts } from "./failover/failover_tts.ts";
import { PhraseCache } from "./failover/phrase_cache.ts";
import type { TtsProvider } from "./tts.ts";

export type { LocalProviders } from "./configured.ts";
export type { SpeechEvent, SpeechListener } from "./events.ts";

/**
 * Ties to the rest of the service; each is optional. `onEvent` must not throw; who takes the events
 * also says in the log what they mean (`Episodes`).
 */
export type SpeechHooks = ServiceTies;

/** Ears and a voice. */
export interface Speech extends AsyncDisposable {
  readonly asr: AsrProvider;
  readonly tts: TtsProvider;
  /** Connects and logs in ahead of need; never fails: what is down is found out when it is used. */
  warm(): Promise<void>;
  /** Takes over what another isolate learned: its `breaker` events. */
  adopt(event: Extract<SpeechEvent, { kind: "breaker" }>): void;
  /** Ends all streams and connections, and finishes writing the phrase cache. */
  close(): Promise<void>;
}

const MB = 1_000_000;

/**
 * The speech services that `settings` name, in their order. `local` is needed when they name it.
 *
 * @throws {Error} when a service is named that cannot be used: no engine, an unreadable key file.
 */
export async function createSpeech(
  settings: Settings,
  local: LocalProviders | undefined,
  hooks: SpeechHooks = {},
): Promise<Speech> {
  if (!local && [...settings.ASR_PROVIDER, ...settings.TTS_PROVIDER].includes("local")) {
    throw new Error("local is named in ASR_PROVIDER or TTS_PROVIDER, but no engine is given");
  }
  const episodes = new Episodes();
  const onEvent = hooks.onEvent ?? ((event) => episodes.happened(event));
  const services = await configuredServices(settings, local, hooks);
  const cache = settings.TTS_CACHE_MB > 0
    ? new PhraseCache(`${settings.DATA_DIR}/tts-cache`, settings.TTS_CACHE_MB * MB)
    : undefined;
  const asr = new FailoverAsr(services.ears, onEvent);
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
