// An answer spoken ahead of its playout: the next phrases are synthesised while one is playing, a
// few at a time, and come out in their order, whichever is ready first.

import type { Pcm } from "../media/frame.ts";
import { eager } from "./in_order.ts";
import { Queue } from "./queue.ts";
import type { TtsProvider } from "./tts.ts";

/** How an answer is synthesised. */
export interface SpeechAheadOptions {
  readonly language: "ru" | "en";
  /** Phrases at once, the one being read among them; the others wait as text. */
  readonly parallel: number;
  /** The caller talks over the bot: everything is cancelled, at the service too. */
  readonly signal: AbortSignal;
}

/** A phrase on its way to the caller. */
export interface AheadPhrase {
  readonly index: number;
  readonly text: string;
  /** Its audio, to be read before the next phrase is taken. Throws `TtsError` when it failed. */
  readonly audio: AsyncIterable<Pcm>;
}

/** One answer: phrases go in as they are made, and come out in order with their audio. */
export class SpeechAhead implements AsyncIterable<AheadPhrase> {
  readonly #tts: TtsProvider;
  readonly #options: SpeechAheadOptions;
  readonly #texts: string[] = [];
  readonly #phrases = new Queue<AheadPhrase>();
  readonly #stream: TextStream | undefined;
  #started = 0;
  #inFlight = 0;
  #ended = false;

  constructor(tts: TtsProvider, options: SpeechAheadOptions) {
    this.#tts = tts;
    this.#options = options;
    if (tts.synthesizeStream) {
      this.#stream = new TextStream();
      void this.#readStream(tts.synthesizeStream(this.#stream.texts, options));
    }
    options.signal.addEventListener("abort", () => this.#phrases.end(), { once: true });
  }

  /** Speaks a phrase after those before it. */
  say(text: string): void {
    if (this.#ended || this.#options.signal.aborted) return;
    this.#texts.push(text);
    if (this.#stream) this.#stream.say(this.#texts.length - 1, text, this.#phrases);
    else this.#startMore();
  }

  /** No phrase comes any more. */
  end(): void {
    this.#ended = true;
    if (this.#stream) this.#stream.texts.end();
    else this.#startMore();
  }

  [Symbol.asyncIterator](): AsyncIterator<AheadPhrase> {
    return this.#phrases[Symbol.asyncIterator]();
  }

  #startMore(): void {
    const { parallel, signal, language } = this.#options;
    while (this.#started < this.#texts.length && this.#inFlight < parallel && !signal.aborted) {
      const index = this.#started++;
      const text = this.#texts[index]!;
      this.#inFlight++;
      const audio = eager(this.#tts.synthesize(text, { language, signal }));
      this.#phrases.push({ index, text, audio: this.#untilRead(audio) });
    }
    if (this.#ended && this.#started === this.#texts.length) this.#phrases.end();
  }

  /** Room for the next phrase is made when this one was read, not when it was synthesised. */
  async *#untilRead(audio: AsyncIterable<Pcm>): AsyncGenerator<Pcm, void, undefined> {
    try {
      for await (const pcm of audio) {
        if (this.#options.signal.aborted) return;
        yield pcm;
      }
    } finally {
      this.#inFlight--;
      this.#startMore();
    }
  }

  async #readStream(chunks: ReturnType<NonNullable<TtsProvider["synthesizeStream"]>>) {
    const stream = this.#stream!;
    try {
      for await (const { index, pcm } of chunks) stream.hear(index, pcm);
      stream.finish();
    } catch (error) {
      stream.finish(error);
    }
    this.#phrases.end();
  }
}

/** The two sides of a stream that speaks all phrases of an answer: texts in, audio by phrase out. */
class TextStream {
  readonly texts = new Queue<string>();
  readonly #audio: Queue<Pcm>[] = [];
  #at = 0;

  say(index: number, text: string, phrases: Queue<AheadPhrase>): void {
    const audio = new Queue<Pcm>();
    this.#audio.push(audio);
    this.texts.push(text);
    phrases.push({ index, text, audio });
  }

  hear(index: number, pcm: Pcm): void {
    while (this.#at < index) this.#audio[this.#at++]?.end();
    this.#audio[index]?.push(pcm);
  }

  finish(error?: unknown): void {
    for (const audio of this.#audio.slice(this.#at)) audio.end(error);
  }
}
