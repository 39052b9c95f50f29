// What the PBX has of ours, for bringing it into line with the calls we know of.

import { type AriCommands, type Channel, unlessGone } from "../../../asterisk/ari/mod.ts";
import { logger } from "../../../config/logging.ts";
import { callOfBridge, isMediaChannel } from "../calls/pbx_names.ts";
import type { LiveCalls } from "./live_calls.ts";

const log = logger("switchboard");

/** The commands that reconciling needs. */
export type ReconcileCommands = Pick<
  AriCommands,
  "application" | "bridges" | "channels" | "destroyBridge" | "hangUp"
>;

/** What the PBX has. */
export interface PbxInventory {
  /** The ids of all its channels, ours or not. */
  readonly channels: ReadonlySet<string>;
  /** Callers' channels in our application, by id. */
  readonly callers: ReadonlyMap<string, Channel>;
  /** The ids of our media channels. */
  readonly media: readonly string[];
  /** Our bridges, by the call each was made for. */
  readonly bridges: ReadonlyMap<string, string>;
}

/**
 * Asks the PBX what it has.
 *
 * @param app our Stasis application.
 * @throws {AriError} when the PBX does not answer.
 */
export async function takeInventory(
  commands: Pick<ReconcileCommands, "application" | "bridges" | "channels">,
  app: string,
): Promise<PbxInventory> {
  const [{ channel_ids }, channels, bridges] = await Promise.all([
    commands.application(app),
    commands.channels(),
    commands.bridges(),
  ]);
  const inApp = new Set(channel_ids);
  const ours = channels.filter(({ id }) => inApp.has(id));
  return {
    channels: new Set(channels.map(({ id }) => id)),
    callers: new Map(
      ours.filter(({ id }) => !isMediaChannel(id)).map((channel) => [channel.id, channel]),
    ),
    media: ours.map(({ id }) => id).filter(isMediaChannel),
    bridges: new Map(bridges.flatMap(({ id }): [string, string][] => {
      const call = callOfBridge(id);
      return call === undefined ? [] : [[call, id]];
    })),
  };
}

/**
 * Removes from the PBX what belongs to no call. Does not wait for the media channels to hang up.
 *
 * @throws {AriError} when a bridge cannot be destroyed.
 */
export async function removeStrays(
  commands: Pick<ReconcileCommands, "destroyBridge" | "hangUp">,
  { media, bridges }: Pick<PbxInventory, "bridges" | "media">,
  live: Pick<LiveCalls, "get" | "on">,
): Promise<void> {
  for (const id of media) {
    if (live.on(id)) continue;
    unlessGone(commands.hangUp(id)).catch((error) =>
      log.error("stray media channel could not be hung up", { channel: id, error })
    );
  }
  for (const [call, bridge] of bridges) {
    if (!live.get(call)) await unlessGone(commands.destroyBridge(bridge));
  }
}
