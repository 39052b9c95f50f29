// The speech services of a call, as the settings name them. The only door into this room for
// those who only want to listen and speak.

import type { Settings } from "../config/settings.ts";
import type { AsrProvider } from "./asr.ts";
import type { SpeechEvent, SpeechListener } from "./events.ts";
import { FailoverAsr } from "./failover_asr.ts";
import { FailoverTts, type Voice } from "./failover_tts.ts";
import { OpenAiAsr } from "./openai/stt.ts";
import { OpenAiTts } from "./openai/tts.ts";
import { openAiClient } from "./openai/client.ts";
import { PhraseCache } from "./phrase_cache.ts";
import type { Service } from "./services.ts";
import type { TtsProvider } from "./tts.ts";
import { YandexChannel } from "./yandex/channel.ts";
import { type Credentials, yandexCredentials } from "./yandex/credentials.ts";
import type { TokenSource } from "./yandex/iam.ts";
import { YandexAsr } from "./yandex/stt.ts";
import { YandexTts } from "./yandex/tts.ts";
import { YandexRestTts } from "./yandex/tts_rest.ts";

/** What the local engine offers a call. */
export interface LocalProviders {
  readonly asr: AsrProvider;
  readonly tts: TtsProvider;
}

/** Ties to the rest of the service; each is optional. */
export interface SpeechHooks {
  /** Told what happens, for the metrics and for other isolates. Must not throw. */
  readonly onEvent?: SpeechListener;
  /** Yandex IAM tokens from elsewhere, so that isolates share one exchange. */
  readonly tokens?: TokenSource;
}

/** Ears and a voice that go on working while one of their services does. */
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

const WARM_TIMEOUT_MS = 5_000;
const MB = 1_000_000;

/**
 * The speech services that `settings` name, in their order. `local` is needed when they name it.
 *
 * @throws {Error} when a service is named that cannot be used: no engine, an unreadable key file.
 */
export function createSpeech(
  settings: Settings,
  local: LocalProviders | undefined,
  hooks: SpeechHooks = {},
): Speech {
  const onEvent = hooks.onEvent ?? (() => {});
  const disposables = new DisposableStack();
  const yandex = new YandexAccess(settings, hooks.tokens, disposables);
  const patience = {
    firstMs: settings.SPEECH_FIRST_BYTE_TIMEOUT_MS,
    stallMs: settings.SPEECH_STALL_TIMEOUT_MS,
  };
  const openai = openAiClient(settings, patience.stallMs);
  const theLocal = (): LocalProviders => {
    if (!local) {
      throw new Error("local is named in ASR_PROVIDER or TTS_PROVIDER, but no engine runs");
    }
    return local;
  };

  const ears = settings.ASR_PROVIDER.map((name): Service<AsrProvider> => {
    if (name === "local") return { name, provider: theLocal().asr };
    if (name === "openai") {
      return {
        name,
        patience,
        provider: new OpenAiAsr(openai, {
          model: settings.OPENAI_STT_MODEL,
          pieceMs: settings.CHUNK_STREAMING_SECONDS * 1000,
          overlapMs: settings.CHUNK_OVERLAP_MS,
        }),
      };
    }
    return { name, patience, provider: disposables.use(yandex.asr(onEvent)) };
  });

  const voices = settings.TTS_PROVIDER.flatMap((name): Voice[] => {
    if (name === "local") {
      const { LOCAL_TTS_VOICE: voice, LOCAL_TTS_SPEED: speed } = settings;
      return [{ name, provider: theLocal().tts, cacheKey: `${voice} ${speed}` }];
    }
    if (name === "openai") {
      const voice = {
        model: settings.OPENAI_TTS_MODEL,
        voice: settings.OPENAI_TTS_VOICE,
        speed: settings.OPENAI_TTS_SPEED,
      };
      const cacheKey = Object.values(voice).join(" ");
      return [{ name, patience, provider: new OpenAiTts(openai, voice), cacheKey }];
    }
    return yandex.voices().map((voice) => ({ ...voice, patience }));
  });

  const cache = settings.TTS_CACHE_MB > 0
    ? new PhraseCache(`${settings.DATA_DIR}/tts-cache`, settings.TTS_CACHE_MB * MB)
    : undefined;
  const asr = new FailoverAsr(ears, onEvent);
  const tts = new FailoverTts(voices, cache, onEvent);
  const close = async () => {
    disposables.dispose();
    await cache?.flush();
  };
  return {
    asr,
    tts,
    warm: () => yandex.warm(),
    adopt: (event) => (event.task === "asr" ? asr.services : tts.services).adopt(event),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Yandex as the settings have it; nothing is read or connected before it is used. */
class YandexAccess {
  readonly #settings: Settings;
  readonly #tokens: TokenSource | undefined;
  readonly #disposables: DisposableStack;
  readonly #channels: YandexChannel[] = [];
  #credentials: Credentials | undefined;

  constructor(
    settings: Settings,
    tokens: TokenSource | undefined,
    disposables: DisposableStack,
  ) {
    this.#settings = settings;
    this.#tokens = tokens;
    this.#disposables = disposables;
  }

  asr(onEvent: SpeechListener): YandexAsr {
    const settings = this.#settings;
    return new YandexAsr(this.#channel("stt", settings.YANDEX_STT_ENDPOINT), {
      stt: {
        model: settings.YANDEX_STT_MODEL,
        normalization: settings.YANDEX_STT_NORMALIZATION,
        eou: settings.YANDEX_STT_EOU,
        maxPauseMs: settings.YANDEX_STT_MAX_PAUSE_MS,
      },
      languageCode: settings.YANDEX_STT_LANGUAGE,
      answerWithinMs: settings.SPEECH_STALL_TIMEOUT_MS,
      onEvent,
    });
  }

  /** The gRPC voice, and the same voice over REST as its fallback. */
  voices(): Voice[] {
    const settings = this.#settings;
    const voice = {
      voice: settings.YANDEX_TTS_VOICE,
      role: settings.YANDEX_TTS_ROLE,
      speed: settings.YANDEX_TTS_SPEED,
    };
    const cacheKey = Object.values(voice).join(" ");
    const channel = this.#channel("tts", settings.YANDEX_TTS_ENDPOINT);
    const stallMs = settings.YANDEX_TTS_MODE === "stream"
      ? settings.SPEECH_STALL_TIMEOUT_MS
      : undefined;
    const rest = new YandexRestTts(settings.YANDEX_TTS_V1_ENDPOINT, voice, this.#access());
    return [
      { name: "yandex", provider: new YandexTts(channel, voice, stallMs), cacheKey },
      { name: "yandex-rest", provider: rest, cacheKey },
    ];
  }

  async warm(): Promise<void> {
    await Promise.allSettled(this.#channels.map((channel) => channel.warm(WARM_TIMEOUT_MS)));
  }

  #access(): Credentials {
    return this.#credentials ??= yandexCredentials(this.#settings, this.#tokens);
  }

  #channel(service: "stt" | "tts", endpoint: string): YandexChannel {
    const caFile = this.#settings.YANDEX_CA_FILE;
    const channel = new YandexChannel({ service, endpoint, caFile, credentials: this.#access() });
    this.#channels.push(channel);
    return this.#disposables.use(channel);
  }
}
