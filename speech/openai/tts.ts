// OpenAI's voice, streamed as raw PCM while it is synthesised. Source: OpenAI's API reference,
// "Create speech"; pcm is 24 kHz, 16-bit, little-endian, mono.

import type OpenAI from "openai";
import type { Pcm } from "../../media/frame.ts";
import { Resampler } from "../../media/codec/resample.ts";
import { emptyAnswer, type HttpService, pcmOf } from "../http_service.ts";
import { splitText } from "../../language/spoken/text.ts";
import { TtsError, type TtsOptions, type TtsProvider } from "../tts.ts";
import { openAiFailure, openAiService } from "./client.ts";

const SPEECH_HZ = 24_000;
const LONGEST_TEXT = 4096;

/** How the voice sounds. */
export interface OpenAiVoice {
  readonly model: string;
  readonly voice: string;
  readonly speed: number;
}

/** A voice of OpenAI. */
export class OpenAiTts implements TtsProvider {
  readonly name = "openai";
  readonly #client: OpenAI;
  readonly #voice: OpenAiVoice;
  readonly #service: HttpService;

  constructor(client: OpenAI, voice: OpenAiVoice) {
    this.#client = client;
    this.#voice = voice;
    this.#service = openAiService(client, "speech");
  }

  async *synthesize(
    text: string,
    { signal, onSpoken }: TtsOptions,
  ): AsyncGenerator<Pcm, void, undefined> {
    let covered = 0;
    for (const piece of splitText(text, LONGEST_TEXT)) {
      try {
        yield* this.#speak(piece, signal);
      } catch (error) {
        if (signal.aborted) return;
        const failure = openAiFailure(this.#service, error);
        throw new TtsError(failure.message, { cause: failure });
      }
      if (signal.aborted) return;
      covered = text.indexOf(piece, covered) + piece.length;
      onSpoken?.(covered);
    }
  }

  async *#speak(text: string, signal: AbortSignal): AsyncGenerator<Pcm, void, undefined> {
    using resampler = await Resampler.create(SPEECH_HZ);
    const response = await this.#client.audio.speech.create({
      ...this.#voice,
      input: text,
      response_format: "pcm",
      stream_format: "audio",
    }, { signal });
    let heard = false;
    for await (const pcm of pcmOf(response.body!, this.#service)) {
      const ready = resampler.push(pcm);
      heard = true;
      if (ready.length > 0) yield ready;
    }
    if (signal.aborted) return;
    if (!heard) throw emptyAnswer(this.#service);
    yield resampler.flush();
  }
}
