// The local voice: espeak-ng, resampled to 16 kHz and shaped, one phrase at a time.

import { splitText } from "../../../language/spoken/text.ts";
import { Resampler } from "../../../media/codec/resample.ts";
import { type Pcm, SAMPLE_RATE_HZ } from "../../../media/frame.ts";
import type { SynthesizeRequest } from "../protocol.ts";
import { Espeak, ESPEAK_RATE_HZ } from "./espeak.ts";
import { gainFor, PhraseShaper } from "./phrase_shaper.ts";

/** Text synthesised in one step; a cancelled phrase ends between steps. */
const PIECE_CHARACTERS = 160;
/** Silence after a phrase: a breath after a sentence, less after a part of one. */
const SENTENCE_PAUSE_MS = 160;
const CLAUSE_PAUSE_MS = 80;
/** Spoken once in each voice, to learn how loud it is. */
const RUSSIAN_SAMPLE = "Здравствуйте, чем я могу вам помочь?";
const ENGLISH_SAMPLE = "Hello, how may I help you today?";

/** Speaks phrases for any number of calls, in turn. */
export class LocalVoice implements Disposable {
  readonly #espeak: Espeak;
  readonly #resampler: Resampler;
  readonly #gains = new Map<string, number>();
  #turn: Promise<void> = Promise.resolve();

  private constructor(espeak: Espeak, resampler: Resampler) {
    this.#espeak = espeak;
    this.#resampler = resampler;
  }

  /** Loads espeak-ng and prepares `voices`, so that their first phrase is quick. */
  static async load(voices: readonly string[] = []): Promise<LocalVoice> {
    const espeak = await Espeak.load();
    const voice = new LocalVoice(espeak, await Resampler.create(ESPEAK_RATE_HZ, SAMPLE_RATE_HZ));
    const { signal } = new AbortController();
    for (const name of voices) {
      const request = { id: 0, text: sampleFor(name), voice: name, speed: 1 };
      await voice.speak(request, () => {}, signal);
    }
    return voice;
  }

  /**
   * Speaks one phrase, in turn with those of other calls; `emit` takes 16 kHz audio as it is made.
   * Ends without an error when aborted.
   *
   * @throws {UnknownVoiceError}
   */
  async speak(
    request: SynthesizeRequest,
    emit: (pcm: Pcm) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { promise: myTurnEnds, resolve: endTurn } = Promise.withResolvers<void>();
    const turn = this.#turn;
    this.#turn = myTurnEnds;
    try {
      await turn;
      if (!signal.aborted) await this.#speakNow(request, emit, signal);
    } finally {
      endTurn();
    }
  }

  async #speakNow(
    { text, voice, speed }: SynthesizeRequest,
    emit: (pcm: Pcm) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const pauseMs = /[.!?…]["»”)]*\s*$/.test(text) ? SENTENCE_PAUSE_MS : CLAUSE_PAUSE_MS;
    const shaper = new PhraseShaper(this.#gainOf(voice), pauseMs);
    const give = (pcm: Pcm) => void (pcm.length > 0 && emit(pcm));
    try {
      for (const piece of splitText(text, PIECE_CHARACTERS)) {
        this.#espeak.speak(piece, { name: voice, speed }, (pcm) => {
          give(shaper.push(this.#resampler.push(pcm)));
          return true;
        });
        // Gives a cancel the chance to arrive.
        await new Promise((done) => setImmediate(done));
        if (signal.aborted) return;
      }
    } finally {
      const tail = this.#resampler.flush();
      if (!signal.aborted) give(shaper.push(tail));
    }
    give(shaper.end());
  }

  #gainOf(voice: string): number {
    const known = this.#gains.get(voice);
    if (known !== undefined) return known;
    const sample: number[] = [];
    this.#espeak.speak(sampleFor(voice), { name: voice, speed: 1 }, (pcm) => {
      for (const value of pcm) sample.push(value);
      return true;
    });
    const gain = gainFor(Int16Array.from(sample));
    this.#gains.set(voice, gain);
    return gain;
  }

  [Symbol.dispose](): void {
    this.#resampler[Symbol.dispose]();
  }
}

function sampleFor(voice: string): string {
  return voice.startsWith("ru") ? RUSSIAN_SAMPLE : ENGLISH_SAMPLE;
}
