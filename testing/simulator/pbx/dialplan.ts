// The dialplan of the simulated PBX: that of asterisk/etc/extensions.conf, as far as a call notices.

/** Where calls lead. */
export interface SimulatedDialplan {
  /** The Stasis application that takes the calls. */
  readonly app: string;
  /** Contexts in which a call stays on the line, and the tone (Hz) it hears there; in any other it is hung up. */
  readonly contexts: Readonly<Record<string, number>>;
  /** Extensions that do not lead to the application but to a context. */
  readonly extensions: Readonly<Record<string, string>>;
  /** Where a call goes when the application is not there; undefined hangs up. */
  readonly failedContext: string | undefined;
}

/** Contexts of asterisk/etc: the fallback, and the operators. */
export const SAMPLE_CONTEXTS = { "voxbot-fallback": 440, "voxbot-operators": 880 } as const;
/** Extensions of asterisk/etc that a caller can dial past the bot. */
export const SAMPLE_EXTENSIONS = { "200": "voxbot-operators" } as const;
/** Where asterisk/etc sends calls that the application cannot take. */
export const SAMPLE_FAILED_CONTEXT = "voxbot-fallback";
