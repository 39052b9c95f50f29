// Audio rendered before a call needs it: the greeting is heard without delay, and an apology does
// not depend on the voice that has just failed.

import { dirname } from "node:path";
import { speakable } from "../../language/spoken/speakable.ts";
import { logger } from "../../config/logging.ts";
import type { Prompts } from "../../config/prompts.ts";
import type { Settings } from "../../config/settings.ts";
import type { Pcm } from "../../media/frame.ts";
import { collect } from "../../media/playout/playout.ts";
import type { TtsProvider } from "../../speech/tts.ts";
import { type PbxSound, pbxSoundFile, soundsInUse } from "../pbx_sound.ts";

const log = logger("prepared");

/** What every Asterisk plays without a codec of its own. */
const PBX_WAV_HZ = 8000;
/** The PBX runs as another user, which must find and read the sound whatever this process's umask is. */
const PBX_FOLDER = 0o755;
const PBX_FILE = 0o644;

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
   * Renders the prompts that are not rendered yet. The first failure is logged and ends it: the rest
   * is synthesised when a call needs it.
   */
  async render(prompts: Prompts): Promise<void> {
    const { greeting, nudge, apology, not_heard, farewell, last_resort, fillers } = prompts;
    try {
      for (const text of [greeting, nudge, apology, not_heard, farewell, last_resort, ...fillers]) {
        if (!this.#audio.has(text)) this.#audio.set(text, await this.#speak(text));
      }
      for (const sound of soundsInUse(this.#settings)) await this.#prepare(sound, prompts[sound]);
    } catch (error) {
      log.warn("prompt could not be rendered beforehand", { error });
    }
  }

  async #speak(text: string): Promise<Pcm> {
    const language = this.#settings.ASTERISK_LANG;
    const { signal } = new AbortController();
    const spoken = this.#tts.synthesize(speakable(text, language), {
      language,
      signal,
      keep: true,
    });
    return await collect(spoken);
  }

  /**
   * Writes a sentence that the PBX must be able to play by itself, unless the file is there: an
   * operator may have recorded it. What no call says is not kept in memory.
   */
  async #prepare(sound: PbxSound, text: string): Promise<void> {
    const path = `${pbxSoundFile(sound, this.#settings)}.wav`;
    const present = await Deno.stat(path).then(({ size }) => size > 0, () => false);
    if (!present) await this.#write(path, this.#audio.get(text) ?? await this.#speak(text));
    else await this.#letPbxRead(path);
  }

  async #write(path: string, pcm: Pcm): Promise<void> {
    const unique = `${path}.${crypto.randomUUID().slice(0, 8)}`;
    try {
      // Loaded only by the isolate that writes: a resampler in each would cost 6 MB a call.
      const [{ resample }, { writeWav }] = await Promise.all([
        import("../../media/codec/resample.ts"),
        import("../../media/wav.ts"),
      ]);
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeFile(unique, writeWav(await resample(pcm, 16_000, PBX_WAV_HZ), PBX_WAV_HZ));
      await Deno.rename(unique, path);
    } catch (error) {
      log.error("a sound for the PBX could not be written", { path, error });
      return;
    }
    await this.#letPbxRead(path);
  }

  /** Opens to all a sound that only this process's user can read, and our folder that it lies in. */
  async #letPbxRead(path: string): Promise<void> {
    const folder = dirname(path);
    try {
      const openness = async (name: string) => ((await Deno.stat(name)).mode ?? 0o777) & 0o055;
      // The folder of the PBX's sounds is the PBX's affair.
      const ours = this.#settings.ASTERISK_SOUNDS_DIR === "";
      if (ours && await openness(folder) === 0) await Deno.chmod(folder, PBX_FOLDER);
      if (await openness(path) === 0) await Deno.chmod(path, PBX_FILE);
    } catch (error) {
      log.error("the PBX may not be able to read a sound", {
        path,
        fix: `chmod ${PBX_FILE.toString(8)} that file, and let the PBX's user into its folder`,
        error,
      });
    }
  }
}
