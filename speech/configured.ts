// The services that the settings name, each by itself, ready to be used.

import type { Settings } from "../config/settings.ts";
import type { AsrProvider } from "./asr.ts";
import type { SpeechListener } from "./events.ts";
import type { Voice } from "./failover/failover_tts.ts";
import type { Service } from "./services.ts";
import type { TtsProvider } from "./tts.ts";
import type { TokenSource } from "./yandex/auth/iam.ts";

/** What the local engine offers a call. */
export interface LocalProviders {
  readonly asr: AsrProvider;
  readonly tts: TtsProvider;
}

/** What the services are tied to. */
export interface ServiceTies {
  readonly onEvent?: SpeechListener;
  /** Yandex IAM tokens from elsewhere, so that isolates share one exchange. */
  readonly tokens?: TokenSource;
}

/** The services of a configuration. Disposing ends their streams and connections. */
export interface ConfiguredServices extends AsyncDisposable {
  /** ASR_PROVIDER, in its order. */
  readonly ears: readonly Service<AsrProvider>[];
  /** TTS_PROVIDER, in its order, with Yandex's REST voice behind its gRPC one. */
  readonly voices: readonly Voice[];
  /** Connects and logs in ahead of need. What is down is found out when it is used. */
  warm(): Promise<void>;
}

/**
 * Loads the services that `settings` name, and the libraries of no others. `local` undefined leaves
 * the local engine out.
 *
 * @throws {KeyFileError | Deno.errors.NotFound} when a key or certificate file cannot be read.
 */
export async function configuredServices(
  settings: Settings,
  local: LocalProviders | undefined,
  { onEvent, tokens }: ServiceTies,
): Promise<ConfiguredServices> {
  const { ASR_PROVIDER, TTS_PROVIDER } = settings;
  const patience = {
    firstMs: settings.SPEECH_FIRST_BYTE_TIMEOUT_MS,
    stallMs: settings.SPEECH_STALL_TIMEOUT_MS,
  };
  const used = new Set([...ASR_PROVIDER, ...TTS_PROVIDER]);
  const [yandexRoom, openai] = await Promise.all([
    used.has("yandex") ? import("./yandex/services.ts") : undefined,
    used.has("openai") ? import("./openai/services.ts") : undefined,
  ]);
  const yandex = yandexRoom && new yandexRoom.YandexServices(settings, patience, tokens);
  return {
    ears: ASR_PROVIDER.flatMap((name) => {
      if (name === "yandex") return [yandex!.ear(onEvent)];
      if (name === "openai") return [openai!.openAiEar(settings, patience)];
      return local ? [{ name, provider: local.asr }] : [];
    }),
    voices: TTS_PROVIDER.flatMap((name) => {
      if (name === "yandex") return yandex!.voices();
      if (name === "openai") return [openai!.openAiVoice(settings, patience)];
      return local ? [localVoice(settings, local.tts)] : [];
    }),
    warm: async () => await yandex?.warm(),
    [Symbol.asyncDispose]: async () => await yandex?.[Symbol.asyncDispose](),
  };
}

function localVoice(settings: Settings, provider: TtsProvider): Voice {
  const { LOCAL_TTS_VOICE, LOCAL_TTS_SPEED } = settings;
  return { name: "local", provider, cacheKey: `${LOCAL_TTS_VOICE} ${LOCAL_TTS_SPEED}` };
}
