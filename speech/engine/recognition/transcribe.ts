// From a stretch of audio to text: cut at pauses, recognised segment by segment, with what no
// caller said left out.

import { durationMs, samplesIn } from "../../../media/frame.ts";
import { isLikelyHallucinated } from "./hallucination.ts";
import type { Recognition } from "./moonshine.ts";
import { cutAtPauses } from "./segments.ts";
import { findAudibleSpan } from "./audible_span.ts";

/**
 * Silence left around a word or two. Of 39 single words 4 to 7 are lost with so little, and 25 with
 * 600 and 800 ms: the model takes a word amid much silence for silence.
 */
const SHORT = { leadMs: 150, tailMs: 80 };
/** Silence left around longer speech; a quiet speaker's words gain by it. */
const LONG = { leadMs: 300, tailMs: 300 };
const LONG_SPEECH_MS = 1300;
/** Where these margins give no text for so much sound, the others are tried. */
const SURELY_SOUND_MS = 200;

/** A recogniser of single segments. */
export interface SegmentRecognizer {
  recognize(pcm: Int16Array, signal: AbortSignal): Promise<Recognition>;
}

/** The text of a stretch of audio. */
export interface Transcription {
  readonly text: string;
  /** The part that ends in a pause and will not change when audio follows. */
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
  const sound = findAudibleSpan(pcm);
  if (sound.loudMs === 0) return "";
  const within = ({ leadMs, tailMs }: typeof SHORT) =>
    pcm.subarray(Math.max(0, sound.from - samplesIn(leadMs)), sound.to + samplesIn(tailMs));
  const isLong = durationMs(sound.to - sound.from) >= LONG_SPEECH_MS;
  let recognition = await recognizer.recognize(within(isLong ? LONG : SHORT), signal);
  if (recognition.text === "" && sound.loudMs >= SURELY_SOUND_MS) {
    recognition = await recognizer.recognize(within(isLong ? SHORT : LONG), signal);
  }
  return isLikelyHallucinated(recognition, sound) ? "" : recognition.text;
}
