// Asterisk's releases: which have a feature, and which lack security fixes.

/** A release. */
export type Version = readonly [major: number, minor: number, patch: number];

/** The first release of each branch with a feature, such as `["20.17", "22.7"]`; newer branches always have it. */
export type Since = readonly string[];

/** The release of branch 22 with the latest security fixes to ARI that we know of. */
const ADVISED: Version = [22, 10, 1];

/** Reads `22.10.1~dfsg-1`, `20.6.0`, `certified/20.7-cert2`; undefined for anything else, such as a build from git. */
export function parseVersion(text: string): Version | undefined {
  const [, major, minor, patch] = /^(?:certified[/-])?(\d+)\.(\d+)(?:\.(\d+))?/.exec(text.trim()) ??
    [];
  return major === undefined ? undefined : [Number(major), Number(minor), Number(patch ?? 0)];
}

/**
 * Whether a version, as Asterisk reports it, has a feature.
 *
 * @param unreadable the answer for a version that cannot be parsed.
 */
export function atLeast(version: string, since: Since, unreadable = false): boolean {
  const ours = parseVersion(version);
  if (!ours) return unreadable;
  const branches = since.map((text) => parseVersion(text)!);
  const same = branches.find(([major]) => major === ours[0]);
  if (same) return !isOlder(ours, same);
  return ours[0] > Math.max(...branches.map(([major]) => major));
}

/** The release to update to when this one lacks security fixes. */
export function advisedUpdate(version: Version): string | undefined {
  return version[0] === ADVISED[0] && isOlder(version, ADVISED) ? ADVISED.join(".") : undefined;
}

function isOlder(version: Version, other: Version): boolean {
  const difference = version.map((part, at) => part - other[at]!).find((part) => part !== 0);
  return difference !== undefined && difference < 0;
}
