// The Asterisk releases that the tests run on, and the Debian suites that have them.

/** A release's name: its major version. */
export type ReleaseName = keyof typeof RELEASES;

/** How a release is installed. The tree holds a copy: another recipe means a new install. */
export interface Release {
  /** The Debian suite whose `asterisk` package is this release. */
  readonly suite: string;
  /** The packages, installed with their dependencies but without recommended ones. */
  readonly packages: readonly string[];
}

const PROMPTS = [
  "asterisk-core-sounds-en",
  "asterisk-core-sounds-en-wav",
  "asterisk-core-sounds-ru",
  "asterisk-core-sounds-ru-wav",
];

export const RELEASES = {
  // The oldest in wide use: without AudioSocket over ARI and chan_websocket.
  "16": {
    suite: "bullseye",
    packages: ["asterisk", "asterisk-modules", "sip-tester", ...PROMPTS],
  },
  "22": {
    suite: "sid",
    packages: ["asterisk", "asterisk-modules", "sip-tester", ...PROMPTS],
  },
} as const satisfies Record<string, Release>;

/** All releases, newest first. */
export const RELEASE_NAMES: readonly ReleaseName[] = ["22", "16"];
