// Turns the caller's frames into speech onsets, partial texts and, once the caller has finished,
// a turn. Time is counted in audio, so tests need no clock.

import type { Language } from "../../config/language.ts";
import { logger } from "../../config/logging.ts";
import { type EndpointingOptions, turnIsOver } from "../../media/turns/endpointing.ts";
import { durationMs, FRAME_MS, type Pcm } from "../../media/frame.ts";
import { PAUSE_MS, SpeechDetector } from "../../media/turns/speech_detector.ts";
import type { AsrProvider, AsrUtterance, Transcript } from "../../speech/asr.ts";
import { VAD_WINDOW_SAMPLES, type VadStream } from "../../speech/vad.ts";

const WINDOW_MS = durationMs(VAD_WINDOW_SAMPLES);
/**
 * Announced speech arrives within this much audio: a recording's block that was not yet written
 * (170 ms, see `RECORDING_FORMAT`), the windows of an onset, and a word's quiet beginning.
 */
const EXPECTED_WITHIN_MS = 450;

/** The end of a caller's turn. Times are `performance.now()` milliseconds. */
export interface HeardTurn {
  readonly text: string;
  /** When the last frame of speech arrived. */
  readonly speechEndAt: number;
  /** When endpointing decided that the turn was over. */
  readonly endpointAt: number;
  /** When the text was final. */
  readonly asrFinalAt: number;
  /** What ended it: a silence (or the ASR, which heard one), or a key that the caller pressed. */
  readonly ended: "silence" | "key";
}

/** What is known of an utterance in progress. */
export interface HeardSoFar {
  /** Speech, without the silences. */
  readonly speechMs: number;
  /** The caller is silent at the moment. */
  readonly paused: boolean;
  /** The text so far; undefined until the ASR has returned any. */
  readonly text: string | undefined;
}

/** Reports of what the caller says. */
export interface RecogniserEvents {
  /** The caller began to speak; `onsetAt` is when the first frame of speech arrived. */
  onOnset(onsetAt: number): void;
  /** The sound that `expectSpeech` announced was not speech. */
  onNoSpeech(): void;
  /** Whether a text of an unfinished utterance would change anything at this moment. */
  wantsText(): boolean;
  /** More was heard of the utterance that `onOnset` began. */
  onSpeech(soFar: HeardSoFar): void;
  /** The caller has paused, and this is the text of all they said: the turn may be over. */
  onStable(text: string): void;
  /** The turn is over. The text is empty when nothing could be recognised. */
  onTurn(turn: HeardTurn): void;
  /** Recognition failed; the turn is lost. */
  onAsrFailed(error: unknown): void;
}

/** What a recogniser needs. */
export interface RecogniserOptions {
  readonly call: string;
  readonly vad: VadStream;
  readonly asr: AsrProvider;
  readonly language: Language;
  readonly vadThreshold: number;
  readonly prerollMs: number;
  readonly endpointing: EndpointingOptions;
  readonly events: RecogniserEvents;
}

interface OpenUtterance {
  readonly asr: AsrUtterance;
  readonly abort: AbortController;
  lengthMs: number;
  text: string | undefined;
  /** The ASR was asked for the text so far, at the pause that still lasts. */
  checkpointed: boolean;
}

/** One call's recogniser: voice detection, ASR and endpointing. Frames go in with `hear`, in order. */
export class Recogniser implements Disposable {
  readonly #options: RecogniserOptions;
  readonly #detector: SpeechDetector;
  readonly #log = logger("recogniser");
  /** The newest frames, kept so that the first word is recognised whole. */
  #preroll: Pcm[] = [];
  /** Filled again and again. */
  readonly #window: Pcm = new Int16Array(VAD_WINDOW_SAMPLES);
  #windowSamples = 0;
  #utterance?: OpenUtterance;
  #speechEndAt = 0;
  /** How much more audio may pass before the announced sound counts as no speech. */
  #expectedMs = 0;
  #disposed = false;

  constructor(options: RecogniserOptions) {
    this.#options = options;
    this.#detector = new SpeechDetector({ threshold: options.vadThreshold, windowMs: WINDOW_MS });
  }

  /** Whether the caller is speaking, or has paused within a turn. */
  get hearing(): boolean {
    return this.#utterance !== undefined;
  }

  /** Takes the caller's next frame (20 ms, 16 kHz), which arrived at `at` (`performance.now()`). */
  hear(frame: Pcm, at: number): void {
    this.#options.vad.look();
    this.#keep(frame);
    this.#utterance?.asr.push(frame);
    for (let from = 0; from < frame.length;) {
      const part = frame.subarray(from, from + VAD_WINDOW_SAMPLES - this.#windowSamples);
      this.#window.set(part, this.#windowSamples);
      this.#windowSamples += part.length;
      from += part.length;
      if (this.#windowSamples === VAD_WINDOW_SAMPLES) this.#detect(at);
    }
  }

  /** The PBX reports sound whose frames have not arrived yet: `onOnset` or `onNoSpeech` follows. */
  expectSpeech(): void {
    this.#expectedMs = EXPECTED_WITHIN_MS;
  }

  /** Ends the utterance in progress, if there is one, without waiting for a silence. */
  endTurn(): void {
    if (this.#utterance) this.#end(this.#utterance, performance.now(), "key");
  }

  /** Drops the utterance in progress: it was a noise or a backchannel. */
  discard(): void {
    this.#utterance?.abort.abort();
    this.#utterance = undefined;
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.discard();
  }

  /** Keeps the pre-roll and the frames that pass while an onset is being detected. */
  #keep(frame: Pcm): void {
    this.#preroll.push(frame);
    const frames = Math.ceil((this.#options.prerollMs + 4 * WINDOW_MS) / FRAME_MS);
    if (this.#preroll.length > frames) this.#preroll.shift();
  }

  #detect(at: number): void {
    this.#windowSamples = 0;
    this.#options.vad.probability(this.#window).then((probability) => {
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
    else if (this.#expectedMs > 0) this.#keepExpecting();
    if (!utterance) return;
    if (change === "pause" && !utterance.checkpointed) {
      utterance.checkpointed = true;
      // The text so far may lack the last words: only the checkpoint's answer has them.
      utterance.text = undefined;
      utterance.asr.checkpoint();
    }
    this.#report(utterance);
    if (this.#utterance === utterance) this.#endIfOver(utterance, at);
  }

  #keepExpecting(): void {
    this.#expectedMs -= WINDOW_MS;
    if (this.#expectedMs <= 0 && !this.#utterance) this.#options.events.onNoSpeech();
  }

  #onOnset(at: number): void {
    this.#expectedMs = 0;
    if (this.#utterance) {
      if (this.#utterance.checkpointed) this.#utterance.asr.resumed?.();
      this.#utterance.checkpointed = false;
      return;
    }
    const utterance = this.#open();
    if (!utterance) return;
    this.#utterance = utterance;
    for (const frame of this.#preroll) utterance.asr.push(frame);
    this.#options.events.onOnset(at - this.#detector.speechMs);
  }

  /** Begins to recognise. An ASR that cannot begin is reported, and the call continues. */
  #open(): OpenUtterance | undefined {
    const { asr, language, events } = this.#options;
    const abort = new AbortController();
    const onPartial = ({ text }: Transcript): void => {
      if (this.#utterance !== utterance) return;
      utterance.text = text;
      this.#report(utterance);
      const stable = this.#utterance === utterance && utterance.checkpointed;
      if (stable && this.#detector.silenceMs >= PAUSE_MS) events.onStable(text);
    };
    let recognition: AsrUtterance;
    try {
      recognition = asr.open({
        language,
        signal: abort.signal,
        wantsPartials: () => events.wantsText(),
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

  #report(utterance: OpenUtterance): void {
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

  #end(
    utterance: OpenUtterance,
    endpointAt: number,
    ended: HeardTurn["ended"] = "silence",
  ): void {
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
          ended,
        }),
      (error) => this.#options.events.onAsrFailed(error),
    ).finally(() => utterance.abort.abort());
  }
}
