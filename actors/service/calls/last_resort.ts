// What a caller hears when no isolate can talk any more: a sound the PBX plays by itself.

import { type AriCommands, unlessGone } from "../../../asterisk/ari/mod.ts";
import { logger } from "../../../config/logging.ts";
import type { Settings } from "../../../config/settings.ts";
import { lastResortSound } from "../../last_resort_sound.ts";
import type { Gate } from "../ari_gate.ts";

const log = logger("last_resort");

/** Longest wait for the apology to be played. */
const PLAY_MS = 8000;

/** Playbacks whose end is waited for, by id. */
const playing = new Map<string, () => void>();

/**
 * Plays the apology on the caller's channel, as far as the PBX can: where the file is missing, or
 * the PBX cannot read it, the call goes on without.
 */
export async function playLastResort(
  { ari, settings }: { readonly ari: Gate<Pick<AriCommands, "play">>; readonly settings: Settings },
  channelId: string,
  signal: AbortSignal,
): Promise<void> {
  const sound = lastResortSound(settings);
  const size = await Deno.stat(`${sound}.wav`).then((file) => file.size, () => 0);
  if (size === 0) return log.error("no apology was rendered", { sound });
  const playbackId = `voxbot-last-${crypto.randomUUID().slice(0, 8)}`;
  const { promise, resolve: finished } = Promise.withResolvers<void>();
  playing.set(playbackId, finished);
  const timer = setTimeout(finished, PLAY_MS);
  signal.addEventListener("abort", () => finished(), { once: true });
  try {
    // In the sounds folder a sound goes by its name; elsewhere by its whole path.
    const name = settings.ASTERISK_SOUNDS_DIR ? sound.split("/").at(-1)! : sound;
    await unlessGone(
      ari.run(
        (commands) => commands.play(channelId, playbackId, `sound:${name}`, undefined, signal),
        signal,
      ),
    );
    await promise;
  } catch (error) {
    // The way out of dead air must not depend on a sound.
    if (!signal.aborted) log.error("the apology could not be played", { sound, error });
  } finally {
    clearTimeout(timer);
    playing.delete(playbackId);
  }
}

/** To be told of every PlaybackFinished. */
export function playbackFinished(playbackId: string): void {
  playing.get(playbackId)?.();
}
