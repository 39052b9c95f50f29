// espeak-ng in WebAssembly: text to speech for Russian and English. Its licence is GPL-3, so the
// package is loaded only when the local voice is wanted.

/** The sample rate of espeak-ng's voices. */
export const ESPEAK_RATE_HZ = 22_050;
/** The speaking rate at speed 1. */
const NORMAL_WORDS_A_MINUTE = 170;

/** What is used of the package's interface (espeak-ng-emscripten's glue). */
interface EspeakWorker {
  set_voice(name: string): number;
  set_rate(wordsAMinute: number): void;
  /** Synchronous. The callback takes audio as it is made and returns true to stop. */
  synthesize(text: string, onAudio: (pcm: Int16Array<ArrayBuffer>) => boolean): void;
}
interface EspeakModule {
  readonly eSpeakNGWorker: new () => EspeakWorker;
}

/** espeak-ng has no such voice; the message names some that it has. */
export class UnknownVoiceError extends Error {
  override readonly name = "UnknownVoiceError";
}

/** The loaded synthesiser. */
export class Espeak {
  readonly #worker: EspeakWorker;

  private constructor(worker: EspeakWorker) {
    this.#worker = worker;
  }

  /** Loads the package and its data (24 MB). */
  static async load(): Promise<Espeak> {
    const { default: instantiate } = await import("@echogarden/espeak-ng-emscripten") as {
      default: () => Promise<EspeakModule>;
    };
    const { eSpeakNGWorker } = await instantiate();
    return new Espeak(new eSpeakNGWorker());
  }

  /**
   * Speaks a text. `onAudio` takes 100 ms pieces at `ESPEAK_RATE_HZ` as they are made and returns
   * false to stop. Blocks until done, about 5 ms for a second of speech.
   *
   * @throws {UnknownVoiceError}
   */
  speak(
    text: string,
    voice: { readonly name: string; readonly speed: number },
    onAudio: (pcm: Int16Array) => boolean,
  ): void {
    if (this.#worker.set_voice(voice.name) !== 0) {
      throw new UnknownVoiceError(
        `espeak-ng has no voice "${voice.name}"; LOCAL_TTS_VOICE takes names such as ru, en, en-us, en-us+f3`,
      );
    }
    this.#worker.set_rate(Math.round(NORMAL_WORDS_A_MINUTE * voice.speed));
    this.#worker.synthesize(withoutMarkup(text), (pcm) => pcm.length > 0 && !onAudio(pcm));
  }
}

/**
 * The text without what espeak-ng would obey as SSML (`<break time="3s"/>` is three seconds of
 * silence). Everything else that cannot be spoken is gone already (`stripUnspeakable`).
 */
function withoutMarkup(text: string): string {
  return text.replace(/[<>&]/g, " ");
}
