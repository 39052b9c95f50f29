// The call's ears: the caller's frames become speech onsets, partial texts and, when the caller
// is done, a turn. Time here is counted in audio, so that it can be tested without a clock.

import type { Language } from "../../config/language.ts";
import { logger } from "../../config/logging.ts";
import { type EndpointingOptions, turnIsOver } from "../../media/turns/endpointing.ts";
import { concatPcm, durationMs, FRAME_MS, type Pcm } from "../../media/frame.ts";
import { PAUSE_MS, SpeechDetector } from "../../media/turns/speech_detector.ts";
import type { AsrProvider, AsrUtterance, Transcript } from "../../speech/asr.ts";
import { VAD_WINDOW_SAMPLES, type VadStream } from "../../speech/vad.ts";

const WINDOW_MS = durationMs(VAD_WINDOW_SAMPLES);
/**
 * Speech that was announced is there within so much audio: a recording's block that was not written
 * yet (170 ms, see `RECORDING_FORMAT`), the windows of an onset, and a word's quiet beginning.
 */
const EXPECTED_WITHIN_MS = 450;

/** The end of a caller's turn. Times are `performance.now()` milliseconds. */
export interface HeardTurn {
  readonly text: string;
  /** The last frame of speech arrived. */
  readonly speechEndAt: number;
  /** The turn was found to be over. */
  readonly endpointAt: number;
  /** The text was final. */
  readonly asrFinalAt: number;
}

/** What is known of an utterance under way. */
export interface HeardSoFar {
  /** Speech, silences left out. */
  readonly speechMs: number;
  /** The caller is silent just now. */
  readonly paused: boolean;
  /** Recognised so far; undefined until the recogniser has said anything. */
  readonly text: string | undefined;
}

/** Told what the ears hear. */
export interface ListenerEvents {
  /** The caller began to speak; `onsetAt` is when the first frame of it arrived. */
  onOnset(onsetAt: number): void;
  /** What `expectSpeech` announced was no speech. */
  onNoSpeech(): void;
  /** More was heard of the utterance that `onOnset` began. */
  onSpeech(soFar: HeardSoFar): void;
  /** The caller has paused, and this is the text of all they said: the turn may be over. */
  onStable(text: string): void;
  /** The turn is over. An empty text: nothing could be recognised. */
  onTurn(turn: HeardTurn): void;
  /** Recognition failed; the turn is lost. */
  onAsrFailed(error: unknown): void;
}

/** What the ears need. */
export interface ListenerOptions {
  readonly call: string;
  readonly vad: VadStream;
  readonly asr: AsrProvider;
  readonly language: Language;
  readonly vadThreshold: number;
  readonly prerollMs: number;
  readonly endpointing: EndpointingOptions;
  readonly events: ListenerEvents;
}

interface OpenUtterance {
  readonly asr: AsrUtterance;
  readonly abort: AbortController;
  lengthMs: number;
  text: string | undefined;
  checkpointed: boolean;
}

/** One call's ears. Frames go in with `hear`, in order. */
export class Listener implements Disposable {
  readonly #options: ListenerOptions;
  readonly #detector: SpeechDetector;
  readonly #log = logger("listener");
  /** The newest frames, kept so that the first word is whole. */
  #preroll: Pcm[] = [];
  #window: Pcm[] = [];
  #windowSamples = 0;
  #utterance?: OpenUtterance;
  #speechEndAt = 0;
  /** How much more audio may pass before what was announced counts as no speech. */
  #expectedMs = 0;
  #disposed = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#detector = new SpeechDetector({ threshold: options.vadThreshold, windowMs: WINDOW_MS });
  }

  /** The caller is speaking, or has paused within a turn. */
  get hearing(): boolean {
    return this.#utterance !== undefined;
  }

  /** The next frame of the caller (20 ms, 16 kHz), which arrived at `at`. */
  hear(frame: Pcm, at: number): void {
    this.#keep(frame);
    this.#utterance?.asr.push(frame);
    this.#window.push(frame);
    this.#windowSamples += frame.length;
    while (this.#windowSamples >= VAD_WINDOW_SAMPLES) this.#detect(this.#takeWindow(), at);
  }

  /** The PBX has noticed sound that has not come yet: `onOnset` follows, or `onNoSpeech`. */
  expectSpeech(): void {
    this.#expectedMs = EXPECTED_WITHIN_MS;
  }

  /** Forgets the utterance under way: it was a noise, or a sign of attention. */
  discard(): void {
    this.#utterance?.abort.abort();
    this.#utterance = undefined;
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.discard();
  }

  /** Keeps the pre-roll, and what passes while an onset is being found out. */
  #keep(frame: Pcm): void {
    this.#preroll.push(frame);
    const frames = Math.ceil((this.#options.prerollMs + 4 * WINDOW_MS) / FRAME_MS);
    if (this.#preroll.length > frames) this.#preroll.shift();
  }

  #takeWindow(): Pcm {
    const audio = concatPcm(this.#window);
    const rest = audio.subarray(VAD_WINDOW_SAMPLES);
    this.#window = rest.length > 0 ? [rest] : [];
    this.#windowSamples = rest.length;
    return audio.slice(0, VAD_WINDOW_SAMPLES);
  }

  #detect(window: Pcm, at: number): void {
    this.#options.vad.probability(window).then((probability) => {
      if (!this.#disposed) this.#onProbability(probability, at);
    }).catch((error) =>
      this.#log.error("voice detection failed", { call: this.#options.call, error })
    );
  }

  #onProbability(probability: number, at: number): void {
    const change = this.#detector.update(probability);
    if (this.#detector.silenceMs === 0) this.#speechEndAt = at;
    const utterance = this.#utterance;
    if (utterance) utterance.lengthMs += WINDOW_MS;
    if (change === "onset") this.#onOnset(at);
    else if (this.#expectedMs > 0) this.#expectFurther();
    if (!utterance) return;
    if (change === "pause" && !utterance.checkpointed) {
      utterance.checkpointed = true;
      // What was known may lack the last words: only the checkpoint's answer tells how it ends.
      utterance.text = undefined;
      utterance.asr.checkpoint();
    }
    this.#tell(utterance);
    if (this.#utterance === utterance) this.#endIfOver(utterance, at);
  }

  #expectFurther(): void {
    this.#expectedMs -= WINDOW_MS;
    if (this.#expectedMs <= 0 && !this.#utterance) this.#options.events.onNoSpeech();
  }

  #onOnset(at: number): void {
    this.#expectedMs = 0;
    if (this.#utterance) {
      this.#utterance.checkpointed = false;
      return;
    }
    const utterance = this.#open();
    if (!utterance) return;
    this.#utterance = utterance;
    for (const frame of this.#preroll) utterance.asr.push(frame);
    this.#options.events.onOnset(at - this.#detector.speechMs);
  }

  /** Begins to recognise; a recogniser that cannot even begin is reported, and the call goes on. */
  #open(): OpenUtterance | undefined {
    const { asr, language, events } = this.#options;
    const abort = new AbortController();
    const onPartial = ({ text }: Transcript): void => {
      if (this.#utterance !== utterance) return;
      utterance.text = text;
      this.#tell(utterance);
      const stable = this.#utterance === utterance && utterance.checkpointed;
      if (stable && this.#detector.silenceMs >= PAUSE_MS) events.onStable(text);
    };
    let recognition: AsrUtterance;
    try {
      recognition = asr.open({
        language,
        signal: abort.signal,
        onPartial,
        onEndOfUtterance: () => this.#end(utterance, performance.now()),
      });
    } catch (error) {
      events.onAsrFailed(error);
      return undefined;
    }
    const utterance: OpenUtterance = {
      asr: recognition,
      abort,
      lengthMs: this.#detector.speechMs,
      text: undefined,
      checkpointed: false,
    };
    return utterance;
  }

  #tell(utterance: OpenUtterance): void {
    this.#options.events.onSpeech({
      speechMs: this.#detector.speechMs,
      paused: this.#detector.silenceMs >= PAUSE_MS,
      text: utterance.text,
    });
  }

  #endIfOver(utterance: OpenUtterance, endpointAt: number): void {
    const { silenceMs } = this.#detector;
    const { text, lengthMs } = utterance;
    const over = turnIsOver({ silenceMs, lengthMs, text }, this.#options.endpointing);
    if (over) this.#end(utterance, endpointAt);
  }

  #end(utterance: OpenUtterance, endpointAt: number): void {
    if (this.#utterance !== utterance) return;
    const speechEndAt = this.#speechEndAt;
    this.#utterance = undefined;
    utterance.asr.finish().then(
      ({ text }) =>
        this.#options.events.onTurn({
          text: text.trim(),
          speechEndAt,
          endpointAt,
          asrFinalAt: performance.now(),
        }),
      (error) => this.#options.events.onAsrFailed(error),
    ).finally(() => utterance.abort.abort());
  }
}
