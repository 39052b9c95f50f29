// Where a caller goes once the bot is done with the call, and the commands that send them there.

import { type AriCommands, type HangUpReason, unlessGone } from "../../../asterisk/ari/mod.ts";
import type { Settings } from "../../../config/settings.ts";
import type { Gate } from "../ari_gate.ts";

/** Where a channel is sent. */
export type Destination =
  | { readonly to: "hangup" }
  /** The dialplan's fallback context; where none is configured, the channel is hung up. */
  | { readonly to: "handover" }
  | { readonly to: "transfer"; readonly extension: string };

/** What sending a channel takes. */
export interface ChannelSender {
  readonly ari: Gate<Pick<AriCommands, "continueInDialplan" | "hangUp">>;
  readonly settings: Pick<Settings, "ARI_FALLBACK_CONTEXT" | "TRANSFER_CONTEXT">;
}

/**
 * Sends a channel to its destination.
 *
 * @param reason what the far end learns if the channel is hung up.
 * @throws {AriError} when the PBX refuses. A channel that has gone is an error only for a transfer,
 * which then did not take place.
 */
export async function sendChannel(
  { ari, settings }: ChannelSender,
  channelId: string,
  destination: Destination,
  reason: HangUpReason = "normal",
): Promise<void> {
  const continueIn = (context: string, extension: string) =>
    ari.run((commands) =>
      commands.continueInDialplan(channelId, { context, extension, priority: 1 })
    );
  if (destination.to === "transfer") {
    return await continueIn(settings.TRANSFER_CONTEXT, destination.extension);
  }
  if (destination.to === "handover" && settings.ARI_FALLBACK_CONTEXT !== "") {
    await unlessGone(continueIn(settings.ARI_FALLBACK_CONTEXT, "s"));
  } else {
    await unlessGone(ari.run((commands) => commands.hangUp(channelId, reason)));
  }
}
