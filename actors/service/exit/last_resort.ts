// What a caller hears when no isolate can speak: a sound that the PBX plays by itself.

import { type AriCommands, type AriEvent, unlessGone } from "../../../asterisk/ari/mod.ts";
import { logger } from "../../../config/logging.ts";
import type { Settings } from "../../../config/settings.ts";
import { pause } from "../../../runtime/waiting.ts";
import { lastResortSound } from "../../last_resort_sound.ts";
import type { Gate } from "../ari_gate.ts";

const log = logger("last_resort");

/** Longest wait for the end of the apology. */
const LONGEST_APOLOGY_MS = 8000;

/** What playing the apology takes. */
export interface LastResortOptions {
  readonly ari: Gate<Pick<AriCommands, "play">>;
  readonly settings: Settings;
}

/** The apology of last resort, for all channels. */
export class LastResort {
  readonly #options: LastResortOptions;
  /** Ends the wait for a playback, by its id. */
  readonly #playing = new Map<string, AbortController>();

  constructor(options: LastResortOptions) {
    this.#options = options;
  }

  /**
   * Plays the apology on a caller's channel and waits for its end. Never rejects: where the file is
   * missing, or the PBX cannot play it, the caller continues without.
   *
   * @param signal ends the wait.
   */
  async play(channelId: string, signal: AbortSignal): Promise<void> {
    const { ari, settings } = this.#options;
    const sound = lastResortSound(settings);
    const size = await Deno.stat(`${sound}.wav`).then((file) => file.size, () => 0);
    if (size === 0) return log.error("no apology was rendered", { sound });
    const playbackId = `voxbot-last-${crypto.randomUUID().slice(0, 8)}`;
    const finished = new AbortController();
    this.#playing.set(playbackId, finished);
    try {
      // The PBX knows a sound in its own folder by name, any other by its whole path.
      const name = settings.ASTERISK_SOUNDS_DIR ? sound.split("/").at(-1)! : sound;
      const media = `sound:${name}`;
      await unlessGone(
        ari.run(
          (commands) => commands.play(channelId, playbackId, media, undefined, signal),
          signal,
        ),
      );
      await pause(LONGEST_APOLOGY_MS, AbortSignal.any([signal, finished.signal]));
    } catch (error) {
      // The way out of dead air must not depend on a sound.
      if (!signal.aborted) log.error("the apology could not be played", { sound, error });
    } finally {
      this.#playing.delete(playbackId);
    }
  }

  /** Takes every event of the application; the end of a playback that is not ours is ignored. */
  onEvent(event: AriEvent): void {
    if (event.type === "PlaybackFinished") this.#playing.get(event.playback.id)?.abort();
  }
}
