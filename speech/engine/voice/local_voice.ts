// The local voice: espeak-ng, resampled to 16 kHz and shaped, one phrase at a time for all calls.

import { type Pcm, SAMPLE_RATE_HZ } from "../../../media/frame.ts";
import { Resampler } from "../../../media/codec/resample.ts";
import { Espeak, ESPEAK_RATE_HZ } from "./espeak.ts";
import { gainFor, PhraseShaper } from "./phrase_shaper.ts";
import type { SynthesizeRequest } from "../protocol.ts";

/** Text synthesised at one go; a cancelled phrase ends between goes. */
const PIECE_CHARACTERS = 160;
/** Silence after a phrase: a breath after a sentence, less within one. */
const SENTENCE_PAUSE_MS = 160;
const CLAUSE_PAUSE_MS = 80;
/** Spoken once for each voice, to learn how loud it is. */
const LEVEL_SAMPLE: Record<string, string> = {
  ru: "Здравствуйте, чем я могу вам помочь?",
  other: "Hello, how may I help you today?",
};

/** Speaks phrases for any number of calls. */
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
    for (const name of voices) {
      const text = name.startsWith("ru") ? LEVEL_SAMPLE.ru! : LEVEL_SAMPLE.other!;
      await voice.speak(
        { id: 0, text, voice: name, speed: 1 },
        () => {},
        new AbortController().signal,
      );
    }
    return voice;
  }

  /**
   * Speaks one phrase, in turn with those of other calls; `emit` gets 16 kHz audio as it is made.
   * Ends quietly when aborted.
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
      for (const piece of pieces(text)) {
        this.#espeak.speak(piece, { name: voice, speed }, (pcm) => {
          give(shaper.push(this.#resampler.push(pcm)));
          return true;
        });
        // Lets a cancel in.
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
    const text = voice.startsWith("ru") ? LEVEL_SAMPLE.ru! : LEVEL_SAMPLE.other!;
    this.#espeak.speak(text, { name: voice, speed: 1 }, (pcm) => {
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

/** Cuts a long text where a speaker would breathe: at a sentence's end, else a comma, else a space. */
export function pieces(text: string): string[] {
  const parts: string[] = [];
  let rest = text.trim();
  while (rest.length > PIECE_CHARACTERS) {
    const head = rest.slice(0, PIECE_CHARACTERS);
    const cut = [/.*[.!?…](?=\s)/su, /.*[,;:—](?=\s)/su, /.*(?=\s)/su]
      .map((pattern) => pattern.exec(head)?.[0].length ?? 0)
      .find((length) => length > PIECE_CHARACTERS / 4) ?? PIECE_CHARACTERS;
    parts.push(rest.slice(0, cut));
    rest = rest.slice(cut).trimStart();
  }
  if (rest) parts.push(rest);
  return parts;
}
