// Which Asterisk has known faults that a later one has not.

/** A release: major, minor, patch. */
export type Version = readonly [major: number, minor: number, patch: number];

/** The release of branch 22 with the latest ARI security fixes we know of. */
const ADVISED: Version = [22, 10, 1];

/** Reads "22.10.1+dfsg", "20.6.0~dfsg", "certified/22.8-cert1"; undefined for a build from git. */
export function parseVersion(text: string): Version | undefined {
  const [, major, minor, patch] = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  return major && minor ? [Number(major), Number(minor), Number(patch ?? 0)] : undefined;
}

/** The release to update to, when this one lacks security fixes. */
export function advisedUpdate(version: Version): string | undefined {
  return version[0] === ADVISED[0] && isOlder(version, ADVISED) ? ADVISED.join(".") : undefined;
}

function isOlder(version: Version, other: Version): boolean {
  const difference = version.map((part, at) => part - other[at]!).find((part) => part !== 0);
  return difference !== undefined && difference < 0;
}
