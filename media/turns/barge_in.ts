// Two-stage barge-in. Speech while the bot speaks pauses it at once; then it is judged: an
// interruption ends the bot's turn, a backchannel ("uh-huh") or a noise lets it go on.

/** Tuning of barge-in; the names and defaults are those of the settings. */
export interface BargeInOptions {
  /** After the bot's voice begins, speech within this time may be its own echo. */
  readonly guardMs: number;
  /** Speech this long is an interruption whatever its words. */
  readonly confirmMs: number;
  /** Is this text only a sign of attention? */
  readonly isBackchannel: (text: string) => boolean;
}

/** What is known of the caller's speech. */
export interface Interjection {
  /** Speech so far, silences left out. */
  readonly speechMs: number;
  /** The caller is silent again. */
  readonly paused: boolean;
  /** Recognised so far; undefined while nothing is known. */
  readonly text: string | undefined;
}

/** What the caller's speech over the bot is. */
export type Verdict = "undecided" | "interruption" | "backchannel" | "noise";

/** True when speech now may be the bot's own voice coming back. `audibleMs`: since the bot's voice began. */
export function mayBeEcho(audibleMs: number, options: BargeInOptions): boolean {
  return audibleMs < options.guardMs;
}

/** Judges what is known so far. */
export function judge(interjection: Interjection, options: BargeInOptions): Verdict {
  const { speechMs, paused, text } = interjection;
  if (speechMs >= options.confirmMs) return "interruption";
  if (text === undefined) return "undecided";
  const said = text.replace(/[^\p{L}\p{N}]+/gu, "") !== "";
  // A text that is a backchannel so far may become more while the caller goes on.
  if (said && !options.isBackchannel(text)) return "interruption";
  if (!paused) return "undecided";
  return said ? "backchannel" : "noise";
}
