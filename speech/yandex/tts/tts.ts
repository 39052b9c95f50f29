// Yandex SpeechKit v3 synthesis: one request for each phrase, or one stream for a whole answer.

import { type Pcm, SAMPLE_RATE_HZ } from "../../../media/frame.ts";
import { silenceFailure, Watchdog } from "../../service_timeouts.ts";
import { inOrder } from "./in_order.ts";
import { splitText } from "../../../language/spoken/text.ts";
import { type SpokenChunk, TtsError, type TtsOptions, type TtsProvider } from "../../tts.ts";
import type { YandexChannel } from "../channel.ts";
import { SpokenProgress, StreamProgress } from "./progress.ts";
import { emptyAnswer, endedEarly, Synthesis, type SynthesisChunk } from "./synthesis.ts";

/** Source: SpeechKit documentation, "Quotas and limits". */
const LONGEST_TEXT = 250;
/** Concurrent requests for the pieces of one long text. */
const PARALLEL = 2;
/** The longest a request may take as a whole. Its caller gives up on slow audio much earlier. */
const DEADLINE_MS = 60_000;

/** How the voice sounds. */
export interface YandexVoice {
  readonly voice: string;
  /** Empty: the voice's default. */
  readonly role: string;
  readonly speed: number;
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
   * With `streamStallMs` the voice offers `synthesizeStream`, which fails when text waits that long
   * for its audio. (`synthesize` has no timeouts: its caller does.)
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
    const progress = new SpokenProgress(text);
    const requests = splitText(text, LONGEST_TEXT)
      .map((piece) => (signal: AbortSignal) => this.#speakPiece(piece, signal));
    for await (const { pcm, text } of inOrder(requests, PARALLEL, signal)) {
      if (signal.aborted) return;
      if (text !== "") onSpoken?.(progress.advance(text));
      yield pcm;
    }
  }

  async *#speakPiece(
    text: string,
    signal: AbortSignal,
  ): AsyncGenerator<SynthesisChunk, void, undefined> {
    if (signal.aborted) return;
    const { voice, role, speed } = this.#voice;
    using synthesis = new Synthesis(this.#channel, "UtteranceSynthesis", signal, DEADLINE_MS);
    synthesis.write({
      text,
      // One hint an entry: `Hints` is a oneof, so a second in the same entry would replace the first.
      hints: [{ voice }, ...(role ? [{ role }] : []), { speed }],
      ...OUTPUT,
    });
    synthesis.end();
    let heard = false;
    for await (const chunk of synthesis.audio()) {
      heard = true;
      yield chunk;
    }
    if (!heard && !signal.aborted) throw emptyAnswer();
  }

  async *#speakStream(
    texts: AsyncIterable<string>,
    { signal }: Omit<TtsOptions, "onSpoken">,
  ): AsyncGenerator<SpokenChunk, void, undefined> {
    if (signal.aborted) return;
    const progress = new StreamProgress(this.#voice.speed);
    using synthesis = new Synthesis(this.#channel, "StreamSynthesis", signal);
    using watchdog = new Watchdog(this.#streamStallMs, () => {
      const failure = silenceFailure("yandex", "Yandex synthesis", this.#streamStallMs, true);
      synthesis.fail(new TtsError(failure.message, { cause: failure }));
    });
    this.#feed(texts, synthesis, progress, watchdog, signal)
      .catch((error) => synthesis.fail(error));
    for await (const { pcm, text } of synthesis.audio()) {
      const spoken = progress.advance(text, pcm.length);
      watchdog.heard(progress.behind);
      yield { ...spoken, pcm };
    }
    if (progress.leftOut && !signal.aborted) throw endedEarly();
  }

  async #feed(
    texts: AsyncIterable<string>,
    synthesis: Synthesis,
    progress: StreamProgress,
    watchdog: Watchdog,
    signal: AbortSignal,
  ): Promise<void> {
    const { voice, role, speed } = this.#voice;
    synthesis.write({ options: { voice, role, speed, ...OUTPUT } });
    for await (const text of texts) {
      if (signal.aborted) return;
      progress.add(text);
      // The space keeps the last word of one text from running into the next: the service's
      // documentation asks for it.
      for (const piece of splitText(text, LONGEST_TEXT)) {
        synthesis.write({ synthesis_input: { text: `${piece} ` } });
      }
      // Each phrase is heard as soon as it is written; the next may be seconds away.
      synthesis.write({ force_synthesis: {} });
      watchdog.expect();
    }
    // The texts end on an abort as well: the stream is then cancelled, not spoken to its end.
    if (!signal.aborted) synthesis.end();
  }
}
