// The call's mouth: phrases are synthesised side by side, a few ahead, and played in order.

import { speakable } from "../../agent/speakable.ts";
import { logger } from "../../config/logging.ts";
import type { Pcm } from "../../media/frame.ts";
import type { PhraseSink, Playout } from "../../media/playout.ts";
import type { TtsProvider } from "../../speech/tts.ts";

/** Before a failed synthesis is tried again: a speech engine is back within about a second. */
const RETRY_PAUSE_MS = 400;

/** What the mouth needs. */
export interface SpeakerOptions {
  readonly call: string;
  readonly tts: TtsProvider;
  readonly language: "ru" | "en";
  readonly playout: Playout;
  /** Phrases synthesised at once: the one about to play and the next ones (`TTS_PARALLEL`). */
  readonly parallel: number;
  /** How often a failed synthesis is tried again (`PLAYBACK_RETRY_COUNT`). */
  readonly retries: number;
  /** Audio of texts that were rendered beforehand, by the text as it is written. */
  readonly prepared: { get(text: string): Pcm | undefined };
  /** The first audio of a phrase came from the provider. */
  onFirstByte(phraseId: string): void;
  /** A phrase could not be synthesised, retries included; it is left out. */
  onFailed(phraseId: string, error: unknown): void;
}

interface Job {
  readonly phraseId: string;
  readonly text: string;
  readonly sink: PhraseSink;
}

/** One call's mouth. */
export class Speaker implements Disposable {
  readonly #options: SpeakerOptions;
  #abort = new AbortController();
  #waiting: Job[] = [];
  #running = 0;

  constructor(options: SpeakerOptions) {
    this.#options = options;
  }

  /** Speaks a phrase after all others. */
  say(phraseId: string, text: string): void {
    this.#waiting.push({ phraseId, text, sink: this.#options.playout.add(phraseId) });
    this.#next();
  }

  /** Speaks a phrase ahead of all that have not begun. */
  interject(phraseId: string, text: string): void {
    this.#waiting.unshift({ phraseId, text, sink: this.#options.playout.interject(phraseId) });
    this.#next();
  }

  /** Cancels all synthesis, at the provider too. What was said already is the playout's to flush. */
  cancel(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#waiting = [];
    this.#running = 0;
  }

  [Symbol.dispose](): void {
    this.cancel();
  }

  #next(): void {
    while (this.#running < this.#options.parallel) {
      const job = this.#waiting.shift();
      if (!job) return;
      this.#running++;
      const { signal } = this.#abort;
      void this.#speak(job, signal).finally(() => {
        if (signal.aborted) return;
        this.#running--;
        this.#next();
      });
    }
  }

  async #speak({ phraseId, text, sink }: Job, signal: AbortSignal): Promise<void> {
    const { prepared, call, tts, language } = this.#options;
    const ready = prepared.get(text);
    if (ready) {
      this.#options.onFirstByte(phraseId);
      sink.write(ready);
      sink.end();
      return;
    }
    // What is written stays so in the transcript; only the voice needs it in words.
    const spoken = speakable(text, language);
    for (let attempt = 0; !signal.aborted; attempt++) {
      let written = false;
      try {
        for await (const pcm of tts.synthesize(spoken, { language, signal })) {
          if (signal.aborted) return;
          if (!written) this.#options.onFirstByte(phraseId);
          written = true;
          sink.write(pcm);
        }
        sink.end();
        return;
      } catch (error) {
        if (signal.aborted) return;
        // Audio already handed over cannot be taken back: saying the phrase again would double it.
        if (written || attempt >= this.#options.retries) {
          sink.end();
          this.#options.onFailed(phraseId, error);
          return;
        }
        logger("speaker").warning("synthesis failed, trying again", {
          call,
          attempt: attempt + 1,
          error,
        });
        await pause(RETRY_PAUSE_MS, signal);
      }
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
