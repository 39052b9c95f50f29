// Yandex SpeechKit v3 synthesis: a request a phrase, or one stream a whole answer is fed into.

import { type Pcm, SAMPLE_RATE_HZ } from "../../../media/frame.ts";
import { silenceFailure, Watchdog } from "../../service_timeouts.ts";
import { ServiceFailure } from "../../failure.ts";
import { inOrder } from "./in_order.ts";
import { PcmBytes } from "../../../media/codec/pcm_bytes.ts";
import { Queue } from "../../../runtime/queue.ts";
import { splitText } from "../../../language/spoken/text.ts";
import { type SpokenChunk, TtsError, type TtsOptions, type TtsProvider } from "../../tts.ts";
import type { YandexChannel } from "../channel.ts";
import { SpokenProgress, StreamProgress } from "./progress.ts";

/** Source: SpeechKit documentation, "Quotas and limits". */
const LONGEST_TEXT = 250;
/** Requests for the pieces of one long text that run at once. */
const PARALLEL = 2;
/** No synthesis takes longer as a whole; what is too slow is given up much earlier by its caller. */
const DEADLINE_MS = 60_000;

/** How the voice sounds. */
export interface YandexVoice {
  readonly voice: string;
  /** Empty: the voice's default. */
  readonly role: string;
  readonly speed: number;
}

/** A message of either method's answer. */
interface SynthesisResponse {
  readonly audio_chunk?: { readonly data?: Uint8Array };
  readonly text_chunk?: { readonly text?: string };
}

/** What feeds a request. */
interface Feedable {
  write(message: object): void;
  /** Nothing more is written. */
  end(): void;
  /** Gives the request up, with this error for who reads its audio. */
  fail(error: unknown): void;
}

interface Chunk {
  readonly pcm: Pcm;
  /** The text spoken in it, as the service wrote it; empty when it does not say. */
  readonly text: string;
}

const OUTPUT = {
  output_audio_spec: {
    raw_audio: { audio_encoding: "LINEAR16_PCM", sample_rate_hertz: SAMPLE_RATE_HZ },
  },
  loudness_normalization_type: "LUFS",
} as const;

/** A voice of Yandex. */
export class YandexTts implements TtsProvider {
  readonly name = "yandex";
  readonly #channel: YandexChannel;
  readonly #voice: YandexVoice;
  readonly #streamStallMs: number;
  readonly synthesizeStream: TtsProvider["synthesizeStream"];

  /**
   * `streamStallMs` offers `synthesizeStream`, which fails when text waits so long for its audio.
   * (Who uses `synthesize` watches the time himself.)
   */
  constructor(channel: YandexChannel, voice: YandexVoice, streamStallMs?: number) {
    this.#channel = channel;
    this.#voice = voice;
    this.#streamStallMs = streamStallMs ?? 0;
    if (streamStallMs !== undefined) this.synthesizeStream = (...of) => this.#speakStream(...of);
  }

  async *synthesize(
    text: string,
    { signal, onSpoken }: TtsOptions,
  ): AsyncGenerator<Pcm, void, undefined> {
    const pieces = splitText(text, LONGEST_TEXT);
    const progress = new SpokenProgress(text);
    const requests = pieces.map((piece) => (signal: AbortSignal) => this.#speak(piece, signal));
    for await (const { pcm, text } of inOrder(requests, PARALLEL, signal)) {
      if (signal.aborted) return;
      if (text !== "") onSpoken?.(progress.advance(text));
      yield pcm;
    }
  }

  #speak(text: string, signal: AbortSignal): AsyncIterable<Chunk> {
    const { voice, role, speed } = this.#voice;
    const request = {
      text,
      // One hint an entry: `Hints` is a oneof, and a second in the same entry would replace the first.
      hints: [{ voice }, ...(role ? [{ role }] : []), { speed }],
      ...OUTPUT,
    };
    return this.#run("UtteranceSynthesis", signal, (stream) => {
      stream.write(request);
      stream.end();
    });
  }

  async *#speakStream(
    texts: AsyncIterable<string>,
    { signal }: Omit<TtsOptions, "onSpoken">,
  ): AsyncGenerator<SpokenChunk, void, undefined> {
    const progress = new StreamProgress(this.#voice.speed);
    let fail = (_error: TtsError) => {};
    const watchdog = new Watchdog(this.#streamStallMs, () => {
      const failure = silenceFailure("yandex", "Yandex synthesis", this.#streamStallMs, true);
      fail(new TtsError(failure.message, { cause: failure }));
    });
    const chunks = this.#run("StreamSynthesis", signal, (stream) => {
      fail = stream.fail;
      return this.#feed(texts, stream, progress, watchdog, signal);
    });
    try {
      for await (const { pcm, text } of chunks) {
        if (signal.aborted) return;
        const spoken = progress.advance(text, pcm.length);
        watchdog.heard(progress.behind);
        yield { ...spoken, pcm };
      }
      if (progress.leftOut && !signal.aborted) throw endedEarly();
    } finally {
      watchdog.heard(false);
    }
  }

  async #feed(
    texts: AsyncIterable<string>,
    stream: Feedable,
    progress: StreamProgress,
    watchdog: Watchdog,
    signal: AbortSignal,
  ): Promise<void> {
    const { voice, role, speed } = this.#voice;
    stream.write({ options: { voice, role, speed, ...OUTPUT } });
    for await (const text of texts) {
      if (signal.aborted) return;
      progress.add(text);
      // The space keeps the last word of one text from running into the next: the service's
      // documentation asks for it.
      for (const piece of splitText(text, LONGEST_TEXT)) {
        stream.write({ synthesis_input: { text: `${piece} ` } });
      }
      // A phrase is heard as soon as it is written; the next may be seconds away.
      stream.write({ force_synthesis: {} });
      watchdog.expect();
    }
    // The texts end with an abort, too: then the stream is cancelled, and not to be spoken to its end.
    if (!signal.aborted) stream.end();
  }

  /** Opens a stream, lets `feed` write to it, and reads the audio. */
  async *#run(
    method: "UtteranceSynthesis" | "StreamSynthesis",
    signal: AbortSignal,
    feed: (stream: Feedable) => void | Promise<void>,
  ): AsyncGenerator<Chunk, void, undefined> {
    if (signal.aborted) return;
    const responses = new Queue<SynthesisResponse>();
    const stream = this.#channel.open<object, SynthesisResponse>(method, {
      onMessage: (message) => responses.push(message),
      onEnd: (failure) =>
        responses.end(failure && new TtsError(failure.message, { cause: failure })),
    }, method === "UtteranceSynthesis" ? DEADLINE_MS : undefined);
    const cancel = () => {
      stream.cancel();
      responses.end();
    };
    signal.addEventListener("abort", cancel, { once: true });
    const bytes = new PcmBytes();
    let heard = false;
    let fed = false;
    try {
      const feedable = {
        write: stream.write,
        end: stream.end,
        fail: (error: unknown) => responses.end(error),
      };
      Promise.resolve(feed(feedable)).then(() => fed = true, feedable.fail);
      for await (const { audio_chunk, text_chunk } of responses) {
        const pcm = bytes.push(audio_chunk?.data ?? new Uint8Array(0));
        heard ||= pcm.length > 0;
        if (pcm.length > 0) yield { pcm, text: text_chunk?.text ?? "" };
      }
      if (signal.aborted) return;
      if (!fed) throw endedEarly();
      if (!heard && method === "UtteranceSynthesis") throw emptyAnswer();
    } finally {
      signal.removeEventListener("abort", cancel);
      cancel();
    }
  }
}

function emptyAnswer(): TtsError {
  return broken("EMPTY", "the service answered without any audio");
}

/** The service ended a stream while there was more to say. */
function endedEarly(): TtsError {
  return broken("ENDED", "the service ended the stream of an answer before its end");
}

function broken(code: string, cure: string): TtsError {
  const facts = { code, again: false, lasting: false, cure };
  const failure = new ServiceFailure("yandex", "Yandex synthesis", facts);
  return new TtsError(failure.message, { cause: failure });
}
