// Audio to text: cut at pauses, recognised segment by segment, hallucinations left out.

import { durationMs, samplesIn } from "../../../media/frame.ts";
import { findAudibleSpan } from "./audible_span.ts";
import { isLikelyHallucinated } from "./hallucination.ts";
import type { Recognition } from "./moonshine.ts";
import { cutAtPauses } from "./segments.ts";

/**
 * Silence kept around a word or two. With this little, 4 to 7 of 39 single words are lost; with 600
 * and 800 ms, 25 are: the model takes a word amid long silence for silence.
 */
const SHORT = { leadMs: 150, tailMs: 80 };
/** Silence kept around longer speech; a quiet speaker is understood better with it. */
const LONG = { leadMs: 300, tailMs: 300 };
const LONG_SPEECH_MS = 1300;
/** When one margin gives no text for this much sound, the other is tried. */
const SURELY_SOUND_MS = 200;

/** Recognises single segments. */
export interface SegmentRecognizer {
  recognize(pcm: Int16Array, signal: AbortSignal): Promise<Recognition>;
}

/** The text of a stretch of audio. */
export interface Transcription {
  readonly text: string;
  /** The part up to a pause, which will not change when audio follows. */
  readonly settled: { readonly samples: number; readonly text: string };
}

/**
 * Transcribes 16 kHz speech of any length.
 *
 * @throws the signal's reason when aborted.
 */
export async function transcribe(
  recognizer: SegmentRecognizer,
  pcm: Int16Array,
  signal: AbortSignal,
): Promise<Transcription> {
  const texts: string[] = [];
  let settled = { samples: 0, text: "" };
  let start = 0;
  for (const end of cutAtPauses(pcm)) {
    const text = await transcribeSegment(recognizer, pcm.subarray(start, end), signal);
    if (text) texts.push(text);
    if (end < pcm.length) settled = { samples: end, text: texts.join(" ") };
    start = end;
  }
  return { text: texts.join(" "), settled };
}

async function transcribeSegment(
  recognizer: SegmentRecognizer,
  pcm: Int16Array,
  signal: AbortSignal,
): Promise<string> {
  const { loudMs, from, to } = findAudibleSpan(pcm);
  if (loudMs === 0) return "";
  const withMargin = ({ leadMs, tailMs }: typeof SHORT) =>
    pcm.subarray(Math.max(0, from - samplesIn(leadMs)), to + samplesIn(tailMs));
  const isLong = durationMs(to - from) >= LONG_SPEECH_MS;
  let recognition = await recognizer.recognize(withMargin(isLong ? LONG : SHORT), signal);
  if (recognition.text === "" && loudMs >= SURELY_SOUND_MS) {
    recognition = await recognizer.recognize(withMargin(isLong ? SHORT : LONG), signal);
  }
  return isLikelyHallucinated(recognition, loudMs) ? "" : recognition.text;
}
