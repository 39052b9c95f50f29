// Yandex SpeechKit v1 synthesis over REST: the fallback for gRPC. Source: SpeechKit documentation,
// "API v1 method description".

import type { Language } from "../../../config/language.ts";
import { type Pcm, SAMPLE_RATE_HZ } from "../../../media/frame.ts";
import { boundedFetch } from "../../../runtime/bounded_fetch.ts";
import { failureOf } from "../../failure.ts";
import {
  connectionFailure,
  emptyAnswer,
  type HttpService,
  pcmOf,
  statusFailure,
} from "../../http_service.ts";
import { splitText } from "../../../language/spoken/text.ts";
import { TtsError, type TtsOptions, type TtsProvider } from "../../tts.ts";
import type { Credentials, Proof } from "../auth/credentials.ts";
import type { YandexVoice } from "./tts.ts";

/** The service takes 5000 characters in requests of up to 15 KB, where Cyrillic grows sixfold. */
const LONGEST_TEXT = 2000;
/** Its audio takes some four minutes: 8 MB. */
const fetchSpeech = boundedFetch(32_000_000);

/** Yandex's voice over the older interface. */
export class YandexRestTts implements TtsProvider {
  readonly name = "yandex-rest";
  readonly #endpoint: string;
  readonly #voice: YandexVoice;
  readonly #credentials: Credentials;
  readonly #service: HttpService;

  constructor(endpoint: string, voice: YandexVoice, credentials: Credentials) {
    this.#endpoint = endpoint;
    this.#voice = voice;
    this.#credentials = credentials;
    this.#service = {
      name: "yandex-rest",
      does: `Yandex synthesis (REST v1) at ${endpoint}`,
      key: "the Yandex credentials",
      shapedBy: "YANDEX_TTS_VOICE and YANDEX_TTS_ROLE: some voices are for v3 only",
    };
  }

  async *synthesize(
    text: string,
    { language, signal, onSpoken }: TtsOptions,
  ): AsyncGenerator<Pcm, void, undefined> {
    let covered = 0;
    for (const piece of splitText(text, LONGEST_TEXT)) {
      try {
        yield* this.#speak(piece, language, signal);
      } catch (error) {
        if (signal.aborted) return;
        const failure = failureOf(error, this.name);
        throw new TtsError(failure.message, { cause: failure });
      }
      if (signal.aborted) return;
      covered = text.indexOf(piece, covered) + piece.length;
      onSpoken?.(covered);
    }
  }

  async *#speak(
    text: string,
    language: Language,
    signal: AbortSignal,
  ): AsyncGenerator<Pcm, void, undefined> {
    const response = await this.#request(text, language, signal);
    let heard = false;
    for await (const pcm of pcmOf(response.body!, this.#service)) {
      heard = true;
      yield pcm;
    }
    if (!heard && !signal.aborted) throw emptyAnswer(this.#service);
  }

  /** Sends the request, and once more with a new token if the old one is refused. */
  async #request(text: string, language: Language, signal: AbortSignal): Promise<Response> {
    const proof = await this.#credentials.proof();
    const response = await this.#post(text, language, proof, signal);
    if (response.ok) return response;
    const said = await messageOf(response);
    if (response.status === 401 && await this.#credentials.refused(proof)) {
      const again = await this.#post(text, language, await this.#credentials.proof(), signal);
      if (again.ok) return again;
      throw statusFailure(this.#service, again.status, await messageOf(again));
    }
    throw statusFailure(this.#service, response.status, said);
  }

  async #post(
    text: string,
    language: Language,
    { authorization, folderId }: Proof,
    signal: AbortSignal,
  ): Promise<Response> {
    const { voice, role, speed } = this.#voice;
    try {
      return await fetchSpeech(`${this.#endpoint}/speech/v1/tts:synthesize`, {
        method: "POST",
        headers: { authorization },
        body: new URLSearchParams({
          text,
          lang: language === "ru" ? "ru-RU" : "en-US",
          voice,
          ...(role && { emotion: role }),
          speed: String(speed),
          format: "lpcm",
          sampleRateHertz: String(SAMPLE_RATE_HZ),
          ...(folderId && { folderId }),
        }),
        signal,
      });
    } catch (error) {
      throw connectionFailure(this.#service, error);
    }
  }
}

async function messageOf(response: Response): Promise<string> {
  const body = await response.text();
  return /"(?:error_)?message"\s*:\s*"([^"]*)"/.exec(body)?.[1] ?? "";
}
