// SpeechKit as the settings define it: its recogniser, its voices, and their connections. Loaded only
// where it is used: the gRPC library costs an isolate about 10 MB.

import type { Settings } from "../../config/settings.ts";
import type { ServiceTimeouts } from "../service_timeouts.ts";
import type { SpeechEventHandler } from "../events.ts";
import type { AsrService, TtsService } from "../failover/service_list.ts";
import { cacheKeyOf, yandexVoice } from "../voices/voices.ts";
import { YandexChannel } from "./channel.ts";
import { type Credentials, yandexCredentials } from "./auth/credentials.ts";
import type { TokenSource } from "./auth/iam.ts";
import { YandexAsr } from "./stt/stt.ts";
import { YandexTts } from "./tts/tts.ts";
import { YandexRestTts } from "./tts/tts_rest.ts";

const WARM_TIMEOUT_MS = 5_000;

/** Yandex's services for one call. Disposing closes their streams and connections. */
export class YandexServices implements AsyncDisposable {
  readonly #settings: Settings;
  readonly #timeouts: ServiceTimeouts;
  readonly #credentials: Credentials;
  readonly #channels: YandexChannel[] = [];
  readonly #disposables = new AsyncDisposableStack();

  /** @throws {KeyFileError | CaFileError} when a key or certificate file cannot be read. */
  constructor(settings: Settings, timeouts: ServiceTimeouts, tokens: TokenSource | undefined) {
    this.#settings = settings;
    this.#timeouts = timeouts;
    this.#credentials = yandexCredentials(settings, tokens);
  }

  /** Streaming recognition. */
  recogniser(onEvent: SpeechEventHandler | undefined): AsrService {
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
      onEvent,
    });
    return { name: "yandex", timeouts: this.#timeouts, provider: this.#disposables.use(asr) };
  }

  /** The gRPC voice, and the REST one as its fallback. */
  voices(): TtsService[] {
    const settings = this.#settings;
    const timeouts = this.#timeouts;
    const voice = yandexVoice(settings);
    const cacheKey = cacheKeyOf(voice);
    const channel = this.#channel("tts", settings.YANDEX_TTS_ENDPOINT);
    const streamStallMs = settings.YANDEX_TTS_MODE === "stream" ? timeouts.stallMs : undefined;
    const rest = new YandexRestTts(settings.YANDEX_TTS_V1_ENDPOINT, voice, this.#credentials);
    return [
      {
        name: "yandex",
        provider: new YandexTts(channel, voice, streamStallMs),
        timeouts,
        cacheKey,
      },
      { name: "yandex-rest", provider: rest, timeouts, cacheKey },
    ];
  }

  /** Connects and logs in ahead of need. A service that is down shows it when used. */
  async warm(): Promise<void> {
    await Promise.allSettled(this.#channels.map((channel) => channel.warm(WARM_TIMEOUT_MS)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#disposables.disposeAsync();
  }

  #channel(service: "stt" | "tts", endpoint: string): YandexChannel {
    const channel = new YandexChannel({
      service,
      endpoint,
      caFile: this.#settings.YANDEX_CA_FILE,
      credentials: this.#credentials,
    });
    this.#channels.push(channel);
    return this.#disposables.use(channel);
  }
}
