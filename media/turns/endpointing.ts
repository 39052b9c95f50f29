// When is the caller's turn over? After a silence: short when what was said looks finished, long
// when it does not. Being cut off in mid-sentence is what callers resent most.

/** Tuning of endpointing; the names and defaults are those of the settings. */
export interface EndpointingOptions {
  /** Silence that ends a turn that looks finished. */
  readonly silenceMs: number;
  /** Silence that ends a turn however unfinished it looks. */
  readonly maxSilenceMs: number;
  /** A turn this long ends at its next pause, or at once when it is a quarter longer. */
  readonly maxUtteranceMs: number;
  /** Does this text stop in mid-sentence? */
  readonly looksUnfinished: (text: string) => boolean;
}

/** What is known of the caller's turn at this moment. */
export interface Utterance {
  /** Since the last speech. */
  readonly silenceMs: number;
  /** Since the onset, pauses included. */
  readonly lengthMs: number;
  /** Recognised so far; undefined while nothing is known, as when recognition is behind. */
  readonly text: string | undefined;
}

/** Whether the turn is over. */
export function turnIsOver(utterance: Utterance, options: EndpointingOptions): boolean {
  const { silenceMs, lengthMs, text } = utterance;
  if (
    lengthMs >= options.maxUtteranceMs &&
    (silenceMs > 0 || lengthMs >= options.maxUtteranceMs * 1.25)
  ) {
    return true;
  }
  return silenceMs >= requiredSilenceMs(text, options);
}

/** A recogniser's comma is a guess about the voice, not about the sentence: it is given this much longer. */
const COMMA_FACTOR = 2;

/**
 * The silence that ends a turn of which `text` is known. With no text there is nothing that could
 * look finished, so the longest silence is asked for.
 */
export function requiredSilenceMs(text: string | undefined, options: EndpointingOptions): number {
  const written = text?.trim() ?? "";
  const words = written.replace(/[\s,;:–—…-]+$|\.{2,}$/u, "");
  if (words === "" || options.looksUnfinished(words)) return options.maxSilenceMs;
  if (words === written) return options.silenceMs;
  return Math.min(COMMA_FACTOR * options.silenceMs, options.maxSilenceMs);
}
