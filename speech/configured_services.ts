// The services that the settings name, each on its own, without failover.

import type { Settings } from "../config/settings.ts";
import type { AsrProvider } from "./asr.ts";
import type { SpeechEventHandler } from "./events.ts";
import type { AsrService, TtsService } from "./failover/service_list.ts";
import type { TtsProvider } from "./tts.ts";
import { cacheKeyOf, localVoiceOf } from "./voices/voices.ts";
import type { TokenSource } from "./yandex/auth/iam.ts";

/** What the local engine gives a call. */
export interface LocalProviders {
  readonly asr: AsrProvider;
  readonly tts: TtsProvider;
}

/** Connections to the rest of the product; each is optional. */
export interface SpeechHooks {
  /** Whoever takes the events also logs what they mean (`Episodes`). */
  readonly onEvent?: SpeechEventHandler;
  /** Yandex IAM tokens from elsewhere, so that isolates share one exchange. */
  readonly tokens?: TokenSource;
}

/** The configured services. Disposing closes their streams and connections. */
export interface ConfiguredServices extends AsyncDisposable {
  /** In the order of ASR_PROVIDER. */
  readonly recognisers: readonly AsrService[];
  /** In the order of TTS_PROVIDER, with Yandex's REST voice behind its gRPC one. */
  readonly voices: readonly TtsService[];
  /** Connects and logs in ahead of need. A service that is down shows it when used. */
  warm(): Promise<void>;
}

/**
 * Loads the services that `settings` name, and no other service's libraries. Without `local`, the
 * local engine is left out.
 *
 * @throws {KeyFileError | CaFileError} when a key or certificate file cannot be read.
 */
export async function configuredServices(
  settings: Settings,
  local: LocalProviders | undefined,
  { onEvent, tokens }: SpeechHooks,
): Promise<ConfiguredServices> {
  const { ASR_PROVIDER, TTS_PROVIDER } = settings;
  const timeouts = {
    firstMs: settings.SPEECH_FIRST_BYTE_TIMEOUT_MS,
    stallMs: settings.SPEECH_STALL_TIMEOUT_MS,
  };
  const used = new Set([...ASR_PROVIDER, ...TTS_PROVIDER]);
  const [yandexModule, openai] = await Promise.all([
    used.has("yandex") ? import("./yandex/services.ts") : undefined,
    used.has("openai") ? import("./openai/services.ts") : undefined,
  ]);
  const yandex = yandexModule && new yandexModule.YandexServices(settings, timeouts, tokens);
  return {
    recognisers: ASR_PROVIDER.flatMap((name) => {
      if (name === "yandex") return [yandex!.recogniser(onEvent)];
      if (name === "openai") return [openai!.openAiRecogniser(settings, timeouts)];
      return local ? [{ name, provider: local.asr }] : [];
    }),
    voices: TTS_PROVIDER.flatMap((name) => {
      if (name === "yandex") return yandex!.voices();
      if (name === "openai") return [openai!.openAiVoice(settings, timeouts)];
      return local ? [localVoice(settings, local.tts)] : [];
    }),
    warm: async () => await yandex?.warm(),
    [Symbol.asyncDispose]: async () => await yandex?.[Symbol.asyncDispose](),
  };
}

function localVoice(settings: Settings, provider: TtsProvider): TtsService {
  return { name: "local", provider, cacheKey: cacheKeyOf(localVoiceOf(settings)) };
}
