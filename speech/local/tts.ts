// espeak-ng at the engine as a TtsProvider.

import type { Pcm } from "../../media/frame.ts";
import { TtsError, type TtsOptions, type TtsProvider } from "../tts.ts";
import { type AudioMessage, DEFAULT_VOICES } from "../engine/protocol.ts";
import { type EngineLink, LinkError } from "./link.ts";

/** The voice and how long it may take. */
export interface LocalTtsOptions {
  /** espeak-ng voice; empty is by language. */
  readonly voice: string;
  /** Speaking rate, 1 is normal. */
  readonly speed: number;
  /** Longest wait for all of a phrase's audio. */
  readonly deadlineMs: number;
}

/** The local voice, Russian and English. */
export class LocalTts implements TtsProvider {
  readonly name = "local";
  readonly #link: EngineLink;
  readonly #options: LocalTtsOptions;
  readonly #phrases = new Map<number, Phrase>();
  #lastId = 0;

  constructor(link: EngineLink, options: LocalTtsOptions) {
    this.#link = link;
    this.#options = options;
  }

  /** Audio that came from the engine. */
  receive({ phraseId, pcm }: AudioMessage): void {
    this.#phrases.get(phraseId)?.add(pcm);
  }

  async *synthesize(text: string, { language, signal }: TtsOptions): AsyncGenerator<Pcm, void> {
    if (signal.aborted) return;
    const id = ++this.#lastId;
    const phrase = new Phrase();
    this.#phrases.set(id, phrase);
    const request = {
      id,
      text,
      voice: this.#options.voice || DEFAULT_VOICES[language],
      speed: this.#options.speed,
    };
    this.#link.request((engine) => {
      if (phrase.begun) throw new LinkError("refused", "the speech engine died amid the phrase");
      return engine.synthesize(request);
    }, {
      what: `speak ${text.length} characters`,
      deadlineMs: this.#options.deadlineMs,
      signal,
      retry: true,
    }).then(() => phrase.end(), (error) => phrase.end(error));
    try {
      yield* phrase;
    } catch (cause) {
      if (signal.aborted) return;
      throw new TtsError(
        `the local voice failed: ${cause instanceof Error ? cause.message : cause}`,
        { cause },
      );
    } finally {
      this.#phrases.delete(id);
      if (!phrase.ended || signal.aborted) {
        this.#link.tell((engine) => engine.cancelSynthesis(id));
      }
    }
  }
}

/** Audio on its way from the engine to whoever plays it. */
class Phrase {
  readonly #ready: Pcm[] = [];
  #news = Promise.withResolvers<void>();
  #error: unknown;
  begun = false;
  ended = false;

  add(pcm: Pcm): void {
    this.begun = true;
    this.#ready.push(pcm);
    this.#news.resolve();
  }

  end(error?: unknown): void {
    this.ended = true;
    this.#error = error;
    this.#news.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Pcm, void> {
    for (;;) {
      for (let pcm = this.#ready.shift(); pcm; pcm = this.#ready.shift()) yield pcm;
      if (this.ended && this.#ready.length === 0) break;
      await this.#news.promise;
      this.#news = Promise.withResolvers();
    }
    if (this.#error) throw this.#error;
  }
}
