// The names of our bridges and media channels on the PBX, which tell them from everybody else's and
// from callers' channels.

const PREFIX = "voxbot-";

/** The name of a call's bridge; the names of its media channels begin with it. */
export function bridgeOf(callId: string): string {
  return `${PREFIX}${callId}`;
}

/** The call whose bridge bears this name; undefined when the bridge is not ours. */
export function callOfBridge(bridgeId: string): string | undefined {
  return bridgeId.startsWith(PREFIX) ? bridgeId.slice(PREFIX.length) : undefined;
}

/** Whether a channel was made for the media of one of our calls, and is no caller's. */
export function isMediaChannel(channelId: string): boolean {
  return channelId.startsWith(PREFIX);
}
