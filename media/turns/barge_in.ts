// Two-stage barge-in. Speech over the bot pauses it immediately and is then judged: an interruption
// ends the bot's turn; after a backchannel ("uh-huh") or a noise the bot continues.

/** Tuning of barge-in, under the names of the settings. */
export interface BargeInOptions {
  /** Speech within this time after the bot's voice began may be its echo. */
  readonly guardMs: number;
  /** Speech this long is an interruption whatever its words. */
  readonly confirmMs: number;
  /** Whether this text is only a backchannel. */
  readonly isBackchannel: (text: string) => boolean;
}

/** What is known of the caller's speech. */
export interface Interjection {
  /** Speech so far, without the silences. */
  readonly speechMs: number;
  /** The caller is silent again. */
  readonly paused: boolean;
  /** The text so far; undefined until any was recognised. */
  readonly text: string | undefined;
}

/** What the caller's speech over the bot turns out to be. */
export type Verdict = "undecided" | "interruption" | "backchannel" | "noise";

/**
 * Whether speech at this moment may be the bot's own voice coming back.
 *
 * @param audibleMs since the bot's voice began.
 */
export function mayBeEcho(audibleMs: number, options: BargeInOptions): boolean {
  return audibleMs < options.guardMs;
}

/** Judges the caller's speech by what is known of it so far. */
export function judge(interjection: Interjection, options: BargeInOptions): Verdict {
  const { speechMs, paused, text } = interjection;
  if (speechMs >= options.confirmMs) return "interruption";
  if (text === undefined) return "undecided";
  const said = text.replace(/[^\p{L}\p{N}]+/gu, "") !== "";
  // What is a backchannel so far may become more while the caller continues.
  if (said && !options.isBackchannel(text)) return "interruption";
  if (!paused) return "undecided";
  return said ? "backchannel" : "noise";
}
