// The services that the settings name, each by itself, ready to be used.

import type { Settings } from "../config/settings.ts";
import type { AsrProvider } from "./asr.ts";
import type { Patience } from "./deadline.ts";
import type { SpeechListener } from "./events.ts";
import type { Voice } from "./failover_tts.ts";
import { openAiClient } from "./openai/client.ts";
import { OpenAiAsr } from "./openai/stt.ts";
import { OpenAiTts } from "./openai/tts.ts";
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

/** What the services are tied to. */
export interface ServiceTies {
  readonly onEvent?: SpeechListener;
  /** Yandex IAM tokens from elsewhere, so that isolates share one exchange. */
  readonly tokens?: TokenSource;
}

const WARM_TIMEOUT_MS = 5_000;

/** The services of a configuration. Disposing ends their streams and connections. */
export class ConfiguredServices implements AsyncDisposable {
  /** ASR_PROVIDER, in its order. */
  readonly ears: readonly Service<AsrProvider>[];
  /** TTS_PROVIDER, in its order, with Yandex's REST voice behind its gRPC one. */
  readonly voices: readonly Voice[];
  readonly #settings: Settings;
  readonly #ties: ServiceTies;
  readonly #patience: Patience;
  readonly #channels: YandexChannel[] = [];
  readonly #disposables = new AsyncDisposableStack();
  #credentials: Credentials | undefined;

  /**
   * `local` undefined leaves the local engine out.
   *
   * @throws {KeyFileError | Deno.errors.NotFound} when a key or certificate file cannot be read.
   */
  constructor(settings: Settings, local: LocalProviders | undefined, ties: ServiceTies) {
    this.#settings = settings;
    this.#ties = ties;
    this.#patience = {
      firstMs: settings.SPEECH_FIRST_BYTE_TIMEOUT_MS,
      stallMs: settings.SPEECH_STALL_TIMEOUT_MS,
    };
    this.ears = settings.ASR_PROVIDER.flatMap((name) => {
      if (name === "yandex") return [this.#yandexEar()];
      if (name === "openai") return [this.#openAiEar()];
      return local ? [{ name, provider: local.asr }] : [];
    });
    this.voices = settings.TTS_PROVIDER.flatMap((name) => {
      if (name === "yandex") return this.#yandexVoices();
      if (name === "openai") return [this.#openAiVoice()];
      return local ? [localVoice(settings, local.tts)] : [];
    });
  }

  /** Connects and logs in ahead of need. What is down is found out when it is used. */
  async warm(): Promise<void> {
    await Promise.allSettled(this.#channels.map((channel) => channel.warm(WARM_TIMEOUT_MS)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#disposables.disposeAsync();
  }

  #yandexEar(): Service<AsrProvider> {
    const settings = this.#settings;
    const asr = new YandexAsr(this.#channel("stt", settings.YANDEX_STT_ENDPOINT), {
      stt: {
        model: settings.YANDEX_STT_MODEL,
        normalization: settings.YANDEX_STT_NORMALIZATION,
        eou: settings.YANDEX_STT_EOU,
        maxPauseMs: settings.YANDEX_STT_MAX_PAUSE_MS,
      },
      languageCode: settings.YANDEX_STT_LANGUAGE,
      answerWithinMs: settings.SPEECH_STALL_TIMEOUT_MS,
      onEvent: this.#ties.onEvent,
    });
    return { name: "yandex", patience: this.#patience, provider: this.#disposables.use(asr) };
  }

  #yandexVoices(): Voice[] {
    const settings = this.#settings;
    const patience = this.#patience;
    const voice = {
      voice: settings.YANDEX_TTS_VOICE,
      role: settings.YANDEX_TTS_ROLE,
      speed: settings.YANDEX_TTS_SPEED,
    };
    const cacheKey = Object.values(voice).join(" ");
    const channel = this.#channel("tts", settings.YANDEX_TTS_ENDPOINT);
    const streamStallMs = settings.YANDEX_TTS_MODE === "stream" ? patience.stallMs : undefined;
    const rest = new YandexRestTts(settings.YANDEX_TTS_V1_ENDPOINT, voice, this.#access());
    return [
      {
        name: "yandex",
        provider: new YandexTts(channel, voice, streamStallMs),
        patience,
        cacheKey,
      },
      { name: "yandex-rest", provider: rest, patience, cacheKey },
    ];
  }

  #openAiEar(): Service<AsrProvider> {
    const settings = this.#settings;
    const provider = new OpenAiAsr(openAiClient(settings, this.#patience.stallMs), {
      model: settings.OPENAI_STT_MODEL,
      pieceMs: settings.CHUNK_STREAMING_SECONDS * 1000,
      overlapMs: settings.CHUNK_OVERLAP_MS,
    });
    return { name: "openai", patience: this.#patience, provider };
  }

  #openAiVoice(): Voice {
    const settings = this.#settings;
    const voice = {
      model: settings.OPENAI_TTS_MODEL,
      voice: settings.OPENAI_TTS_VOICE,
      speed: settings.OPENAI_TTS_SPEED,
    };
    const provider = new OpenAiTts(openAiClient(settings, this.#patience.stallMs), voice);
    const cacheKey = Object.values(voice).join(" ");
    return { name: "openai", patience: this.#patience, provider, cacheKey };
  }

  #access(): Credentials {
    return this.#credentials ??= yandexCredentials(this.#settings, this.#ties.tokens);
  }

  #channel(service: "stt" | "tts", endpoint: string): YandexChannel {
    const caFile = this.#settings.YANDEX_CA_FILE;
    const channel = new YandexChannel({ service, endpoint, caFile, credentials: this.#access() });
    this.#channels.push(channel);
    return this.#disposables.use(channel);
  }
}

function localVoice(settings: Settings, provider: TtsProvider): Voice {
  const { LOCAL_TTS_VOICE, LOCAL_TTS_SPEED } = settings;
  return { name: "local", provider, cacheKey: `${LOCAL_TTS_VOICE} ${LOCAL_TTS_SPEED}` };
}
