// Asterisk's versions: a feature comes to several branches at once.

/** The first version of each branch that has a feature, such as `["20.17", "22.7"]`; newer branches have it from their start. */
export type Since = readonly string[];

/**
 * Whether a version, as Asterisk tells it (`22.10.1~dfsg-1`, `certified/20.7-cert2`), has a feature.
 *
 * @param unreadable the answer for what is no version number, such as a build from git.
 */
export function atLeast(version: string, since: Since, unreadable = false): boolean {
  const ours = parse(version);
  if (!ours) return unreadable;
  const branches = since.map((text) => parse(text)!);
  const same = branches.find(({ major }) => major === ours.major);
  if (same) return ours.minor >= same.minor;
  return ours.major > Math.max(...branches.map(({ major }) => major));
}

function parse(version: string): { major: number; minor: number } | undefined {
  const [, major, minor] = /^(?:certified[/-])?(\d+)\.(\d+)/.exec(version.trim()) ?? [];
  return major === undefined ? undefined : { major: Number(major), minor: Number(minor) };
}
