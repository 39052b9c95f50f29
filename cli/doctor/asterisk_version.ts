// Which Asterisk can carry a call's audio over chan_websocket the way we speak to it.

/** A release: major, minor, patch. */
export type Version = readonly [major: number, minor: number, patch: number];

/**
 * The first release of each branch whose chan_websocket takes JSON control messages (`f(json)`),
 * as Asterisk's documentation of chan_websocket.conf says. The driver itself is two releases older.
 */
const JSON_CONTROL: readonly Version[] = [[20, 18, 0], [22, 8, 0], [23, 2, 0]];

/** The release of branch 22 with the latest ARI security fixes we know of. */
const ADVISED: Version = [22, 10, 1];

/** Reads "22.10.1+dfsg", "20.6.0~dfsg", "certified/22.8-cert1"; undefined for a build from git. */
export function parseVersion(text: string): Version | undefined {
  const [, major, minor, patch] = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  return major && minor ? [Number(major), Number(minor), Number(patch ?? 0)] : undefined;
}

/** Whether this Asterisk's chan_websocket understands us. */
export function carriesWebsocketMedia(version: Version): boolean {
  const [newest] = JSON_CONTROL.slice(-1);
  if (newest && version[0] > newest[0]) return true;
  return JSON_CONTROL.some((first) => first[0] === version[0] && !isOlder(version, first));
}

/** The releases to choose from, in words. */
export function websocketReleases(): string {
  return JSON_CONTROL.map(([major, minor]) => `${major}.${minor}`).join(", ") + " or later";
}

/** The release to update to, when this one lacks security fixes. */
export function advisedUpdate(version: Version): string | undefined {
  return version[0] === ADVISED[0] && isOlder(version, ADVISED) ? ADVISED.join(".") : undefined;
}

function isOlder(version: Version, other: Version): boolean {
  const difference = version.map((part, at) => part - other[at]!).find((part) => part !== 0);
  return difference !== undefined && difference < 0;
}
