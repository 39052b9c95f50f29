// Decides when the caller's turn is over: after a short silence when their words look finished, after
// a long one when they do not. Callers resent nothing more than being cut off in mid-sentence.

/** Tuning of endpointing, under the names of the settings. */
export interface EndpointingOptions {
  /** Silence that ends a turn that looks finished. */
  readonly silenceMs: number;
  /** Silence that ends a turn however unfinished it looks. */
  readonly maxSilenceMs: number;
  /** A turn this long ends at its next pause, or without one when it is a quarter longer. */
  readonly maxUtteranceMs: number;
  /** Whether this text stops in mid-sentence. */
  readonly looksUnfinished: (text: string) => boolean;
  /** Whether this text is a whole short answer, a yes or a no: nobody waits long after one. */
  readonly isShortAnswer: (text: string) => boolean;
}

/** What is known of the caller's turn so far. */
export interface Utterance {
  /** Since the last speech. */
  readonly silenceMs: number;
  /** Since the onset, pauses included. */
  readonly lengthMs: number;
  /** The text so far; undefined until any was recognised, as when recognition is behind. */
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

/** An ASR's comma is a guess about the voice, not the sentence: after one, the silence is this much longer. */
const COMMA_FACTOR = 2;

/** A yes or a no is over after this much silence, however patient the settings are, in milliseconds. */
const SHORT_ANSWER_SILENCE_MS = 400;

/** The silence that ends a turn with this text. Without any text it is the longest: nothing looks finished. */
export function requiredSilenceMs(text: string | undefined, options: EndpointingOptions): number {
  const written = text?.trim() ?? "";
  const words = written.replace(/[\s,;:–—…-]+$|\.{2,}$/u, "");
  if (words === "" || options.looksUnfinished(words)) return options.maxSilenceMs;
  if (words === written) {
    const short = options.isShortAnswer(words);
    return short ? Math.min(SHORT_ANSWER_SILENCE_MS, options.silenceMs) : options.silenceMs;
  }
  return Math.min(COMMA_FACTOR * options.silenceMs, options.maxSilenceMs);
}
