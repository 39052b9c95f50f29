// Audio rendered before a call needs it: the greeting is heard at once, and an apology does not
// depend on the synthesiser that has just failed.

import { dirname } from "node:path";
import { speakable } from "../../language/spoken/speakable.ts";
import { logger } from "../../config/logging.ts";
import type { Prompts } from "../../config/prompts.ts";
import type { Settings } from "../../config/settings.ts";
import type { Pcm } from "../../media/frame.ts";
import { collect } from "../../media/playout/playout.ts";
import type { TtsProvider } from "../../speech/tts.ts";
import { lastResortSound } from "../last_resort_sound.ts";

const log = logger("prepared");

/** What every Asterisk plays without a codec of its own. */
const PBX_WAV_HZ = 8000;

/** The bot's fixed sentences as audio, by their text as it is written. */
export class PreparedSpeech {
  readonly #tts: TtsProvider;
  readonly #settings: Settings;
  readonly #audio = new Map<string, Pcm>();

  constructor(tts: TtsProvider, settings: Settings) {
    this.#tts = tts;
    this.#settings = settings;
  }

  /** The audio of a text, if it was rendered. */
  get(text: string): Pcm | undefined {
    return this.#audio.get(text);
  }

  /**
   * Renders the prompts that are not rendered yet. One that cannot be is left to be synthesised
   * when it is needed; the failure is logged.
   */
  async render(
    { greeting, nudge, apology, not_heard, farewell, last_resort, fillers }: Prompts,
  ): Promise<void> {
    for (const text of [greeting, nudge, apology, not_heard, farewell, last_resort, ...fillers]) {
      if (this.#audio.has(text)) continue;
      try {
        const { signal } = new AbortController();
        const language = this.#settings.ASTERISK_LANG;
        const spoken = speakable(text, language);
        this.#audio.set(text, await collect(this.#tts.synthesize(spoken, { language, signal })));
      } catch (error) {
        log.warn("a prompt could not be rendered beforehand", { error });
        return;
      }
    }
    await this.#writeLastResort(this.#audio.get(last_resort)!);
  }

  /** The one sentence that the PBX itself must be able to play. */
  async #writeLastResort(pcm: Pcm): Promise<void> {
    const path = `${lastResortSound(this.#settings)}.wav`;
    const present = await Deno.stat(path).then(({ size }) => size > 0, () => false);
    if (present) return;
    const unique = `${path}.${crypto.randomUUID().slice(0, 8)}`;
    try {
      // Loaded by the one isolate that writes: a resampler in each would cost 6 MB a call.
      const [{ resample }, { writeWav }] = await Promise.all([
        import("../../media/codec/resample.ts"),
        import("../../media/wav.ts"),
      ]);
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeFile(unique, writeWav(await resample(pcm, 16_000, PBX_WAV_HZ), PBX_WAV_HZ));
      await Deno.rename(unique, path);
    } catch (error) {
      log.error("the last resort's sound could not be written", { path, error });
    }
  }
}
