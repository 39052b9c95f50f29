// Speaks a call's phrases in their order. They are synthesised ahead of playout: a few side by side,
// or, where the voice can, a whole answer in one stream that is fed as the model writes.

import { pause } from "../../runtime/waiting.ts";
import type { Language } from "../../config/language.ts";
import { speakable } from "../../language/spoken/speakable.ts";
import { logger } from "../../config/logging.ts";
import type { Pcm } from "../../media/frame.ts";
import type { PhraseSink, Playout } from "../../media/playout/playout.ts";
import { AnswerStream, isStreaming } from "../../speech/failover/answer_stream.ts";
import type { TtsProvider } from "../../speech/tts.ts";

/** Wait before a failed synthesis is retried: a speech engine is back within about a second. */
const RETRY_PAUSE_MS = 400;

/** Reports of a phrase's synthesis. */
export interface SpeakerEvents<Phrase> {
  /** The first audio of a phrase came from the voice. */
  onFirstByte(phrase: Phrase): void;
  /** A phrase could not be synthesised, however often it was retried; it is left out. */
  onFailed(phrase: Phrase, error: unknown): void;
}

/** What a speaker needs. */
export interface SpeakerOptions<Phrase> {
  readonly call: string;
  readonly tts: TtsProvider;
  readonly language: Language;
  readonly playout: Pick<Playout<Phrase>, "add" | "interject">;
  /** How many phrases are synthesised side by side: the one about to play and the next (`TTS_PARALLEL`). */
  readonly parallel: () => number;
  /** How often a failed synthesis is retried (`PLAYBACK_RETRY_COUNT`). */
  readonly retries: number;
  /** Whether this text holds nothing of a caller's, so that its audio may be kept for other calls. */
  readonly mayKeep: (text: string) => boolean;
  /** Audio of texts that were rendered beforehand, by the text as it is written. */
  readonly prepared: { get(text: string): Pcm | undefined };
  readonly events: SpeakerEvents<Phrase>;
}

interface Job<Phrase> {
  readonly phrase: Phrase;
  readonly text: string;
  readonly sink: PhraseSink;
}

/** One call's speaker. */
export class Speaker<Phrase> implements Disposable {
  readonly #options: SpeakerOptions<Phrase>;
  #abort = new AbortController();
  #waiting: Job<Phrase>[] = [];
  #running = 0;
  /** The answer being spoken in one stream. */
  #stream?: AnswerStream;

  constructor(options: SpeakerOptions<Phrase>) {
    this.#options = options;
  }

  /** Speaks a phrase after all others. */
  say(phrase: Phrase, text: string): void {
    const { playout, prepared, tts, language } = this.#options;
    const job = { phrase, text, sink: playout.add(phrase) };
    if (!isStreaming(tts) || prepared.get(text)) return this.#enqueue(job);
    const { signal } = this.#abort;
    this.#stream ??= new AnswerStream(tts, { language, signal });
    void this.#follow(job, this.#stream.say(speakable(text, language)), signal);
  }

  /** The answer has no more phrases: the next phrase begins another answer. */
  complete(): void {
    this.#stream?.end();
    this.#stream = undefined;
  }

  /** Speaks a phrase ahead of all that have not begun. */
  interject(phrase: Phrase, text: string): void {
    this.#waiting.unshift({ phrase, text, sink: this.#options.playout.interject(phrase) });
    this.#next();
  }

  /** Cancels all synthesis, at the voice's service too. Audio already made is playout's to flush. */
  cancel(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#stream = undefined;
    this.#waiting = [];
    this.#running = 0;
  }

  [Symbol.dispose](): void {
    this.cancel();
  }

  #enqueue(job: Job<Phrase>): void {
    this.#waiting.push(job);
    this.#next();
  }

  #next(): void {
    while (this.#running < this.#options.parallel()) {
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

  /** Plays a phrase of the answer's stream. One that the stream did not reach is spoken by itself. */
  async #follow(job: Job<Phrase>, audio: AsyncIterable<Pcm>, signal: AbortSignal): Promise<void> {
    const outcome = await this.#play(job, audio, signal);
    if (outcome.kind === "whole" || signal.aborted) return;
    if (outcome.kind === "broken") return this.#giveUp(job, outcome.error);
    logger("speaker").warn("the answer's stream failed, speaking phrase by phrase", {
      call: this.#options.call,
      error: outcome.error,
    });
    if (this.#stream) this.complete();
    this.#enqueue(job);
  }

  async #speak(job: Job<Phrase>, signal: AbortSignal): Promise<void> {
    const { prepared, call, tts, language, retries, mayKeep } = this.#options;
    const ready = prepared.get(job.text);
    if (ready) {
      this.#options.events.onFirstByte(job.phrase);
      job.sink.write(ready);
      job.sink.end();
      return;
    }
    // The transcript keeps figures as figures; only the voice needs them in words.
    const spoken = speakable(job.text, language);
    for (let attempt = 0; !signal.aborted; attempt++) {
      const audio = tts.synthesize(spoken, { language, signal, keep: mayKeep(job.text) });
      const outcome = await this.#play(job, audio, signal);
      if (outcome.kind === "whole" || signal.aborted) return;
      const { error } = outcome;
      if (outcome.kind === "broken" || attempt >= retries) return this.#giveUp(job, error);
      logger("speaker").warn("synthesis failed, trying again", {
        call,
        attempt: attempt + 1,
        error,
      });
      await pause(RETRY_PAUSE_MS, signal);
    }
  }

  /** Plays a phrase's audio as it is synthesised. */
  async #play(
    { phrase, sink }: Job<Phrase>,
    audio: AsyncIterable<Pcm>,
    signal: AbortSignal,
  ): Promise<Outcome> {
    let written = false;
    try {
      for await (const pcm of audio) {
        if (signal.aborted) break;
        if (!written) this.#options.events.onFirstByte(phrase);
        written = true;
        sink.write(pcm);
      }
      if (!signal.aborted) sink.end();
      return { kind: "whole" };
    } catch (error) {
      return { kind: written ? "broken" : "unspoken", error };
    }
  }

  #giveUp({ phrase, sink }: Job<Phrase>, error: unknown): void {
    sink.end();
    this.#options.events.onFailed(phrase, error);
  }
}

/** What became of a phrase's audio. */
type Outcome =
  | { readonly kind: "whole" }
  /** Some of it is in playout and cannot be taken back: a retry would say it twice. */
  | { readonly kind: "broken"; readonly error: unknown }
  | { readonly kind: "unspoken"; readonly error: unknown };
