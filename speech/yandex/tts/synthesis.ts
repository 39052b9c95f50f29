// One stream of SpeechKit v3 synthesis: requests go in, audio comes out.

import type { Pcm } from "../../../media/frame.ts";
import { PcmBytes } from "../../../media/codec/pcm_bytes.ts";
import { Queue } from "../../../runtime/queue.ts";
import { ServiceFailure } from "../../failure.ts";
import { TtsError } from "../../tts.ts";
import type { YandexChannel } from "../channel.ts";
import type { RequestStream } from "../stream.ts";

/** A message of either method's answer. */
interface Response {
  readonly audio_chunk?: { readonly data?: Uint8Array };
  readonly text_chunk?: { readonly text?: string };
}

/** A piece of the answer. */
export interface SynthesisChunk {
  /** Never empty. */
  readonly pcm: Pcm;
  /** The text spoken in it, as the service wrote it; empty when the service does not say. */
  readonly text: string;
}

/** One stream. Disposing it cancels it at the service, and so does `signal`. */
export class Synthesis implements Disposable {
  readonly #signal: AbortSignal;
  readonly #stream: RequestStream<object>;
  readonly #responses = new Queue<Response>();
  #complete = false;

  /** `deadlineMs`: the longest it may take as a whole. */
  constructor(
    channel: YandexChannel,
    method: "UtteranceSynthesis" | "StreamSynthesis",
    signal: AbortSignal,
    deadlineMs?: number,
  ) {
    this.#signal = signal;
    this.#stream = channel.open<object, Response>(method, {
      onMessage: (message) => this.#responses.push(message),
      onEnd: (failure) =>
        this.#responses.end(failure && new TtsError(failure.message, { cause: failure })),
    }, deadlineMs);
    signal.addEventListener("abort", this.#cancel, { once: true });
    if (signal.aborted) this.#cancel();
  }

  write(message: object): void {
    this.#stream.write(message);
  }

  /** Nothing more is written: the service speaks what it has received and ends the stream. */
  end(): void {
    this.#complete = true;
    this.#stream.end();
  }

  /** Gives the stream up: reading its audio throws `error`. */
  fail(error: unknown): void {
    this.#responses.end(error);
  }

  /**
   * The audio as it comes, until the service has spoken everything or the signal aborts.
   *
   * @throws {TtsError} also when the service ends the stream before `end` was called.
   */
  async *audio(): AsyncGenerator<SynthesisChunk, void, undefined> {
    const bytes = new PcmBytes();
    for await (const { audio_chunk, text_chunk } of this.#responses) {
      if (this.#signal.aborted) return;
      const pcm = bytes.push(audio_chunk?.data ?? new Uint8Array(0));
      if (pcm.length > 0) yield { pcm, text: text_chunk?.text ?? "" };
    }
    if (!this.#complete && !this.#signal.aborted) throw endedEarly();
  }

  [Symbol.dispose](): void {
    this.#signal.removeEventListener("abort", this.#cancel);
    this.#cancel();
  }

  readonly #cancel = () => {
    this.#stream.cancel();
    this.#responses.end();
  };
}

/** The service answered without any audio. */
export function emptyAnswer(): TtsError {
  return broken("EMPTY", "the service answered without any audio");
}

/** The service ended a stream although there was more to say. */
export function endedEarly(): TtsError {
  return broken("ENDED", "the service ended the stream of an answer before its end");
}

function broken(code: string, cure: string): TtsError {
  const facts = { code, cure };
  const failure = new ServiceFailure("yandex", "Yandex synthesis", facts);
  return new TtsError(failure.message, { cause: failure });
}
