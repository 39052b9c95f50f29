// The dialplan of the simulated PBX: that of asterisk/etc/extensions.conf, as far as callers
// notice.

/** Where calls go. */
export interface SimulatedDialplan {
  /** The Stasis application that gets the calls. */
  readonly app: string;
  /**
   * Contexts that keep a call on the line, each with the tone (Hz) heard there. Any other hangs up.
   */
  readonly contexts: Readonly<Record<string, number>>;
  /** Extensions that lead to a context instead of the application. */
  readonly extensions: Readonly<Record<string, string>>;
  /** Context for calls when nobody listens for the application; undefined hangs up. */
  readonly failedContext: string | undefined;
}

/** Contexts of asterisk/etc: fallback and operators. */
export const SAMPLE_CONTEXTS = { "voxbot-fallback": 440, "voxbot-operators": 880 } as const;
/** Extensions of asterisk/etc that bypass the bot. */
export const SAMPLE_EXTENSIONS = { "200": "voxbot-operators" } as const;
/** Context of asterisk/etc for calls that the application cannot take. */
export const SAMPLE_FAILED_CONTEXT = "voxbot-fallback";
