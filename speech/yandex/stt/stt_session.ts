// One `RecognizeStreaming` session of SpeechKit v3: audio and ends of utterances go in, texts come
// out. Sources: stt_v3.proto; SpeechKit documentation, "Streaming speech recognition".

import {
  concatPcm,
  durationMs,
  type Pcm,
  pcmToBytes,
  SAMPLE_RATE_HZ,
  samplesIn,
} from "../../../media/frame.ts";
import { ServiceFailure } from "../../failure.ts";
import type { YandexChannel } from "../channel.ts";
import type { RequestStream } from "../stream.ts";

/** The parameters of recognition. */
export interface SttOptions {
  readonly model: string;
  /** For example `ru-RU`. */
  readonly languageCode: string;
  /** Whether numbers, dates and phone numbers come as digits. */
  readonly normalization: boolean;
  /** Who ends an utterance: we (`external`), or Yandex with one of its sensitivities. */
  readonly eou: "external" | "default" | "high";
  /** A hint for Yandex's own detector; 0: none. */
  readonly maxPauseMs: number;
}

/** When a session is replaced. The service allows 5 minutes and 10 MB. */
export interface SessionLimits {
  /** From here on, at the next pause … */
  readonly pauseMs: number;
  readonly pauseBytes: number;
  /** … and here, even in the middle of a word. */
  readonly cutMs: number;
  readonly cutBytes: number;
}

export const SESSION_LIMITS = {
  pauseMs: 270_000,
  pauseBytes: 9_000_000,
  cutMs: 290_000,
  cutBytes: 9_700_000,
} as const satisfies SessionLimits;

/** Receives what a session recognises. */
export interface SttSessionObserver {
  /** The text since the last final, as it is now. */
  onPartial(text: string): void;
  /** A text that only its refinement, which has the same `index`, will change. */
  onFinal(index: number, text: string): void;
  onRefined(index: number, text: string): void;
  /** An utterance has ended. All its finals came before. */
  onEndOfUtterance(): void;
  /** The session is over. After `end()`, and without a failure, all texts came before. */
  onClosed(failure?: ServiceFailure): void;
}

/** How often silence is sent: the service ends a session after 5 s without a message. */
export const KEEPALIVE_MS = 2_000;
/** How much digital silence is gathered into one message. */
const SILENCE_STEP_MS = 200;
/**
 * How much audio is gathered into one message where we end utterances ourselves, which sends the
 * rest: a message of each frame was an eighth of a call's CPU. The service's own detector gets each
 * frame at once.
 */
const AUDIO_STEP_MS = 60;

interface Alternatives {
  readonly alternatives?: readonly { readonly text?: string }[];
}

/** `StreamingResponse`, as decoded. */
interface Response {
  readonly audio_cursors?: { readonly final_index?: number };
  readonly partial?: Alternatives;
  readonly final?: Alternatives;
  readonly eou_update?: object;
  readonly final_refinement?: {
    readonly final_index?: number;
    readonly normalized_text?: Alternatives;
  };
}

/** One session. */
export class SttSession {
  readonly #stream: RequestStream<object>;
  readonly #answerWithinMs: number;
  readonly #keepaliveMs: number;
  #observer: SttSessionObserver | undefined;
  #keepalive: ReturnType<typeof setInterval>;
  #unanswered: ReturnType<typeof setTimeout> | undefined;
  #onEnded: (() => void) | undefined;
  #answered = false;
  #open = true;
  #sentAt = performance.now();
  #silentMs = 0;
  /** Audio that is not sent yet; none while there is silence to be sent. */
  #gathered: Pcm[] = [];
  readonly #gather: number;
  #audioMs = 0;
  #bytes = 0;

  /** `answerWithinMs`: how long the service may take from the first audio to its first message. */
  constructor(
    channel: YandexChannel,
    options: SttOptions,
    answerWithinMs: number,
    keepaliveMs: number = KEEPALIVE_MS,
  ) {
    this.#answerWithinMs = answerWithinMs;
    this.#keepaliveMs = keepaliveMs;
    this.#gather = options.eou === "external" ? samplesIn(AUDIO_STEP_MS) : 0;
    this.#stream = channel.open<object, Response>("RecognizeStreaming", {
      onMessage: (response) => this.#onResponse(response),
      onEnd: (failure) => this.#close(failure),
    });
    this.#stream.write({ session_options: sessionOptions(options) });
    this.#keepalive = setInterval(() => this.#keepAlive(), keepaliveMs);
  }

  /** Audio sent so far, silence included, in milliseconds. */
  get audioMs(): number {
    return this.#audioMs;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether audio can still be written. */
  get open(): boolean {
    return this.#open;
  }

  /** Receives everything from now on. */
  set observer(observer: SttSessionObserver | undefined) {
    this.#observer = observer;
  }

  write(pcm: Pcm): void {
    if (!this.#open) return;
    const ms = durationMs(pcm.length);
    this.#audioMs += ms;
    if (pcm.every((sample) => sample === 0)) {
      this.#sendAudio();
      this.#silentMs += ms;
      if (this.#silentMs >= SILENCE_STEP_MS) this.#sendSilence();
      return;
    }
    this.#sendSilence();
    this.#bytes += pcm.byteLength;
    this.#gathered.push(pcm);
    if (this.#gathered.reduce((sum, { length }) => sum + length, 0) >= this.#gather) {
      this.#sendAudio();
    }
    if (!this.#answered) this.#expectAnswer();
  }

  /** Ends an utterance here. For `external` only. */
  endUtterance(): void {
    this.#sendAudio();
    this.#sendSilence();
    this.#send({ eou: {} });
    if (!this.#answered) this.#expectAnswer();
  }

  /** Nothing more is written: the outstanding texts come, then `onClosed`. */
  end(): void {
    if (!this.#open) return;
    this.#sendAudio();
    this.#sendSilence();
    this.#open = false;
    clearInterval(this.#keepalive);
    this.#stream.end();
  }

  /** Ends it without reporting anything more; resolves when the service has ended it too. */
  ended(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#observer = undefined;
    if (!this.#open) return Promise.resolve();
    this.#onEnded = resolve;
    this.end();
    return promise;
  }

  /** Stops it, at the service too, without reporting anything more. */
  cancel(): void {
    this.#observer = undefined;
    this.#stream.cancel();
    this.#close();
  }

  #send(message: object): void {
    if (!this.#open) return;
    this.#sentAt = performance.now();
    this.#stream.write(message);
  }

  #sendAudio(): void {
    if (this.#gathered.length === 0) return;
    const audio = this.#gathered.length === 1 ? this.#gathered[0]! : concatPcm(this.#gathered);
    this.#gathered = [];
    this.#send({ chunk: { data: pcmToBytes(audio) } });
  }

  #sendSilence(): void {
    const ms = Math.round(this.#silentMs);
    this.#silentMs = 0;
    if (ms > 0) this.#send({ silence_chunk: { duration_ms: ms } });
  }

  /** Without frames from the far end the service gets silence. */
  #keepAlive(): void {
    const ms = performance.now() - this.#sentAt;
    if (ms < this.#keepaliveMs / 2) return;
    this.#audioMs += ms;
    this.#sendAudio();
    this.#silentMs += ms;
    this.#sendSilence();
  }

  #expectAnswer(): void {
    this.#unanswered ??= setTimeout(() => {
      const failure = new ServiceFailure("yandex", "Yandex recognition", {
        code: "SILENT",
        cure: `it accepted the audio and sent nothing for ${this.#answerWithinMs} ms`,
      });
      this.#stream.cancel();
      this.#close(failure);
    }, this.#answerWithinMs);
  }

  #onResponse(response: Response): void {
    this.#answered = true;
    clearTimeout(this.#unanswered);
    const { partial, final, eou_update, final_refinement } = response;
    if (partial) this.#observer?.onPartial(textOf(partial));
    if (final) {
      this.#observer?.onFinal(response.audio_cursors?.final_index ?? 0, textOf(final));
    }
    if (final_refinement?.normalized_text) {
      this.#observer?.onRefined(
        final_refinement.final_index ?? 0,
        textOf(final_refinement.normalized_text),
      );
    }
    if (eou_update) this.#observer?.onEndOfUtterance();
  }

  #close(failure?: ServiceFailure): void {
    this.#open = false;
    clearInterval(this.#keepalive);
    clearTimeout(this.#unanswered);
    const observer = this.#observer;
    this.#observer = undefined;
    observer?.onClosed(failure);
    this.#onEnded?.();
  }
}

function textOf({ alternatives }: Alternatives): string {
  return alternatives?.[0]?.text?.trim() ?? "";
}

function sessionOptions(options: SttOptions): object {
  return {
    recognition_model: {
      model: options.model,
      audio_format: {
        raw_audio: {
          audio_encoding: "LINEAR16_PCM",
          sample_rate_hertz: SAMPLE_RATE_HZ,
          audio_channel_count: 1,
        },
      },
      text_normalization: {
        text_normalization: options.normalization
          ? "TEXT_NORMALIZATION_ENABLED"
          : "TEXT_NORMALIZATION_DISABLED",
      },
      language_restriction: {
        restriction_type: "WHITELIST",
        language_code: [options.languageCode],
      },
      audio_processing_type: "REAL_TIME",
    },
    eou_classifier: options.eou === "external" ? { external_classifier: {} } : {
      default_classifier: {
        type: options.eou === "high" ? "HIGH" : "DEFAULT",
        ...(options.maxPauseMs > 0 && { max_pause_between_words_hint_ms: options.maxPauseMs }),
      },
    },
  };
}
