// What a caller hears where no isolate speaks: sounds that the PBX plays by itself.

import { type AriCommands, type AriEvent, unlessGone } from "../../../asterisk/ari/mod.ts";
import { logger } from "../../../config/logging.ts";
import type { Settings } from "../../../config/settings.ts";
import { abortable, pause } from "../../../runtime/waiting.ts";
import { type PbxSound, pbxSoundFile } from "../../pbx_sound.ts";
import type { Gate } from "../ari_gate.ts";

const log = logger("pbx_sounds");

/** Longest wait for the end of a sound. */
const LONGEST_SOUND_MS = 8000;

/** What playing sounds takes. */
export interface PbxSoundsOptions {
  readonly ari: Gate<Pick<AriCommands, "play" | "stopPlayback">>;
  readonly settings: Settings;
}

/** A sound that fails so soon after it began, on a channel that is still there, cannot be played. */
const FAILS_WITHIN_MS = 500;

interface Playing {
  readonly channelId: string;
  readonly finished: AbortController;
  /** Settles when the PBX has answered the command to play. */
  readonly begun: PromiseWithResolvers<void>;
  /** The PBX has given it up: it cannot read the file, or the channel hung up. */
  failed: boolean;
}

/** The PBX's sounds, for all channels. */
export class PbxSounds {
  readonly #options: PbxSoundsOptions;
  /** Playbacks by id: the channel of each, and what ends the wait for it. */
  readonly #playing = new Map<string, Playing>();

  constructor(options: PbxSoundsOptions) {
    this.#options = options;
  }

  /**
   * Plays a sound on a caller's channel and waits for its end. Never rejects: where the file is
   * missing, or the PBX cannot play it, the caller continues without.
   *
   * @param signal ends the wait; the sound plays on.
   */
  async play(sound: PbxSound, channelId: string, signal: AbortSignal): Promise<void> {
    const { ari, settings } = this.#options;
    const file = pbxSoundFile(sound, settings);
    const size = await Deno.stat(`${file}.wav`).then((stat) => stat.size, () => 0);
    if (size === 0) return log.error("a sound for the PBX was never rendered", { sound, file });
    const playbackId = `voxbot-sound-${crypto.randomUUID().slice(0, 8)}`;
    const finished = new AbortController();
    const begun = Promise.withResolvers<void>();
    const playing: Playing = { channelId, finished, begun, failed: false };
    this.#playing.set(playbackId, playing);
    const began = performance.now();
    try {
      // The PBX knows a sound in its own folder by name, any other by its whole path.
      const name = settings.ASTERISK_SOUNDS_DIR ? file.split("/").at(-1)! : file;
      const media = `sound:${name}`;
      const command = ari.run((commands) => commands.play(channelId, playbackId, media), signal);
      // Not cut off by the signal: whoever breaks the sound off must know that it has begun.
      void command.then(() => begun.resolve(), () => begun.resolve());
      if (!await abortable(unlessGone(command), signal)) return;
      await pause(LONGEST_SOUND_MS, AbortSignal.any([signal, finished.signal]));
      if (playing.failed && performance.now() - began < FAILS_WITHIN_MS) {
        await this.#tellFailure(sound, file, signal);
      }
    } catch (error) {
      // The way out of dead air must not depend on a sound.
      if (!signal.aborted) log.error("the PBX could not play a sound", { sound, file, error });
    } finally {
      this.#playing.delete(playbackId);
    }
  }

  /** A caller who hung up ends the wait by the signal: that is no failure. */
  async #tellFailure(sound: PbxSound, file: string, signal: AbortSignal): Promise<void> {
    await pause(FAILS_WITHIN_MS, signal);
    if (signal.aborted) return;
    log.error("the PBX played nothing: it cannot read a sound", {
      sound,
      file,
      fix: "let the PBX's user read that file, or set ASTERISK_SOUNDS_DIR to the PBX's own folder",
    });
  }

  /** Breaks off what a channel hears. Never rejects. */
  async stop(channelId: string): Promise<void> {
    const playing = [...this.#playing].filter(([, { channelId: its }]) => its === channelId);
    await Promise.all(playing.map(async ([id, { finished, begun }]) => {
      finished.abort();
      await begun.promise;
      try {
        await this.#options.ari.run((commands) => commands.stopPlayback(id));
      } catch (error) {
        log.warn("a sound could not be broken off", { channel: channelId, error });
      }
    }));
  }

  /** Takes every event of the application; the end of a playback that is not ours is ignored. */
  onEvent(event: AriEvent): void {
    if (event.type !== "PlaybackFinished") return;
    const playing = this.#playing.get(event.playback.id);
    if (!playing) return;
    playing.failed = event.playback.state === "failed";
    playing.finished.abort();
  }
}
