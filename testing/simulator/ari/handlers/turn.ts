// A channel executes one command after another: what arrives during a playback waits for its end.

import type { SimulatedChannel } from "../../pbx/channel.ts";
import type { SimulatedPbx } from "../../pbx/pbx.ts";
import { AriFailure } from "../wire.ts";

/**
 * Resolves when the channel plays nothing, for commands that are answered only then.
 *
 * @throws {AriFailure} 404 when the channel hangs up first.
 */
export async function playedOut(pbx: SimulatedPbx, channel: SimulatedChannel): Promise<void> {
  const playing = pbx.playbacks.idle(channel);
  if (!playing) return;
  await playing;
  if (channel.gone) throw new AriFailure(404, "Channel not found");
}

/**
 * Runs a command that was answered already, once the channel plays nothing and if it is still
 * there.
 */
export async function oncePlayedOut(
  pbx: SimulatedPbx,
  channel: SimulatedChannel,
  run: () => void,
): Promise<void> {
  const playing = pbx.playbacks.idle(channel);
  if (playing) await playing;
  if (channel.app !== undefined) run();
}
