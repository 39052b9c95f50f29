// The engine's espeak-ng as a TtsProvider.

import type { Pcm } from "../../media/frame.ts";
import { messageOf } from "../../runtime/error_text.ts";
import { Queue } from "../../runtime/queue.ts";
import { TtsError, type TtsOptions, type TtsProvider } from "../tts.ts";
import { type AudioMessage, DEFAULT_VOICES } from "../engine/protocol.ts";
import { type EngineLink, LinkError } from "./link.ts";

/** The voice and how long it may take. */
export interface LocalTtsOptions {
  /** espeak-ng voice; empty: the language's default. */
  readonly voice: string;
  /** Speaking rate; 1 is normal. */
  readonly speed: number;
  /** The longest that a phrase may take as a whole. */
  readonly deadlineMs: number;
}

/** A phrase on its way from the engine. */
interface Phrase {
  readonly audio: Queue<Pcm>;
  begun: boolean;
  ended: boolean;
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

  /** Takes audio from the engine. */
  receive({ phraseId, pcm }: AudioMessage): void {
    const phrase = this.#phrases.get(phraseId);
    if (!phrase) return;
    phrase.begun = true;
    phrase.audio.push(pcm);
  }

  async *synthesize(text: string, { language, signal }: TtsOptions): AsyncGenerator<Pcm, void> {
    if (signal.aborted) return;
    const id = ++this.#lastId;
    const phrase: Phrase = { audio: new Queue(), begun: false, ended: false };
    this.#phrases.set(id, phrase);
    const request = {
      id,
      text,
      voice: this.#options.voice || DEFAULT_VOICES[language],
      speed: this.#options.speed,
    };
    const end = (error?: unknown) => {
      phrase.ended = true;
      phrase.audio.end(error);
    };
    this.#link.request((engine) => {
      if (phrase.begun) throw new LinkError("refused", "the speech engine died during the phrase");
      return engine.synthesize(request);
    }, {
      what: `speak ${text.length} characters`,
      deadlineMs: this.#options.deadlineMs,
      signal,
      retry: true,
    }).then(() => end(), end);
    try {
      yield* phrase.audio;
    } catch (cause) {
      if (signal.aborted) return;
      throw new TtsError(`the local voice failed: ${messageOf(cause)}`, { cause });
    } finally {
      this.#phrases.delete(id);
      if (!phrase.ended || signal.aborted) {
        this.#link.tell((engine) => engine.cancelSynthesis(id));
      }
    }
  }
}
