// The Asterisk releases the tests run on, and which Debian has them.

/** Names of the releases: the major version. */
export type ReleaseName = keyof typeof RELEASES;

/** How one release is installed. Part of the installed tree: another recipe means a new install. */
export interface Release {
  /** Debian suite whose `asterisk` package is this release. */
  readonly suite: string;
  /** Installed besides what these depend on; nothing merely recommended. */
  readonly packages: readonly string[];
}

const PROMPTS = [
  "asterisk-core-sounds-en",
  "asterisk-core-sounds-en-wav",
  "asterisk-core-sounds-ru",
  "asterisk-core-sounds-ru-wav",
];

export const RELEASES = {
  // The oldest that is in wide use: no AudioSocket over ARI, no chan_websocket.
  "16": {
    suite: "bullseye",
    packages: ["asterisk", "asterisk-modules", "sip-tester", ...PROMPTS],
  },
  "22": {
    suite: "sid",
    packages: ["asterisk", "asterisk-modules", "sip-tester", ...PROMPTS],
  },
} as const satisfies Record<string, Release>;

/** All of them, the newest first. */
export const RELEASE_NAMES: readonly ReleaseName[] = ["22", "16"];
