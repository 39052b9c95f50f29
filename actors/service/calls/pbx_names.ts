// The names of our bridges and media channels on the PBX, which tell them from everybody else's and
// from callers' channels. They are recognised whole, never by their beginning: a PBX with
// `systemname = voxbot` in asterisk.conf names all its channels `voxbot-1795641870.17`.

const PREFIX = "voxbot-";
/** As `newCallId` makes them. */
const CALL_ID = "[a-r]{12}";
const BRIDGE = new RegExp(`^${PREFIX}(${CALL_ID})$`);
const MEDIA_CHANNEL = new RegExp(`^${PREFIX}${CALL_ID}-[0-9a-f]{8}$`);

/**
 * A new call's id: 12 letters. No digits: the log takes a run of digits for a phone number, and
 * masks it.
 */
export function newCallId(): string {
  const hex = crypto.randomUUID().replaceAll("-", "").slice(0, 12);
  return hex.replace(/\d/g, (digit) => "ghijkmnpqr"[Number(digit)]!);
}

/** The name of a call's bridge; the names of its media channels begin with it. */
export function bridgeOf(callId: string): string {
  return `${PREFIX}${callId}`;
}

/** A new name for a media channel of the call that has this bridge. */
export function newMediaChannel(bridgeId: string): string {
  return `${bridgeId}-${crypto.randomUUID().slice(0, 8)}`;
}

/** The call whose bridge bears this name; undefined when the bridge is not ours. */
export function callOfBridge(bridgeId: string): string | undefined {
  return BRIDGE.exec(bridgeId)?.[1];
}

/** Whether a channel was made for the media of one of our calls, and is no caller's. */
export function isMediaChannel(channelId: string): boolean {
  return MEDIA_CHANNEL.test(channelId);
}
