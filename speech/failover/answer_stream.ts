// An answer spoken in one stream of the service: its texts go in as the model writes them, and each
// text's audio comes out separately.

import type { Language } from "../../config/language.ts";
import type { Pcm } from "../../media/frame.ts";
import { Queue } from "../../runtime/queue.ts";
import { type SpokenChunk, TtsError, type TtsProvider } from "../tts.ts";

/** A voice that can speak an answer in one stream. */
export type StreamingTts = TtsProvider & Required<Pick<TtsProvider, "synthesizeStream">>;

/** Whether the voice can speak whole answers in one stream. */
export function isStreaming(tts: TtsProvider): tts is StreamingTts {
  return tts.synthesizeStream !== undefined;
}

/** The stream of one answer, open from the start. `signal` cancels it, at the service too. */
export class AnswerStream {
  readonly #texts = new Queue<string>();
  readonly #audio: Queue<Pcm>[] = [];
  /** The text being spoken; the audio of those before it is complete. */
  #at = 0;
  #over: { readonly error: unknown } | undefined;

  constructor(
    tts: StreamingTts,
    options: { readonly language: Language; readonly signal: AbortSignal },
  ) {
    const { signal } = options;
    const end = () => this.end();
    signal.addEventListener("abort", end, { once: true });
    void this.#read(tts.synthesizeStream(this.#texts, options))
      .finally(() => signal.removeEventListener("abort", end));
  }

  /**
   * Speaks a text after all earlier ones. Its audio ends when the next text's audio begins or the
   * stream ends: services do not mark a text's last piece. Reading it throws `TtsError` if the
   * stream broke before the end of the text.
   */
  say(text: string): AsyncIterable<Pcm> {
    const audio = new Queue<Pcm>();
    this.#audio.push(audio);
    if (this.#over) audio.end(this.#over.error);
    else this.#texts.push(text);
    return audio;
  }

  /** The answer is complete: the service speaks what it has and ends the stream. */
  end(): void {
    this.#texts.end();
  }

  async #read(chunks: AsyncIterable<SpokenChunk>): Promise<void> {
    try {
      for await (const { index, pcm } of chunks) {
        while (this.#at < index) this.#audio[this.#at++]?.end();
        if (pcm.length > 0) this.#audio[index]?.push(pcm);
      }
      this.#finish(undefined);
    } catch (error) {
      this.#finish(error);
    }
  }

  #finish(error: unknown): void {
    for (const audio of this.#audio.slice(this.#at)) audio.end(error);
    this.#over = { error: error ?? new TtsError("the answer's stream has already ended") };
  }
}
