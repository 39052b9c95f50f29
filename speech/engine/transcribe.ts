// From a stretch of audio to text: cut at pauses, recognised segment by segment, with what no
// caller said left out.

import type { Recognition } from "./moonshine.ts";
import { cutAtPauses } from "./segments.ts";
import { isLikelyInvented, speechEvidence } from "./invented.ts";

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
    const segment = pcm.subarray(start, end);
    const evidence = speechEvidence(segment);
    if (evidence.loudMs > 0) {
      const recognition = await recognizer.recognize(segment, signal);
      if (recognition.text !== "" && !isLikelyInvented(recognition, evidence)) {
        texts.push(recognition.text);
      }
    }
    if (end < pcm.length) settled = { samples: end, text: texts.join(" ") };
    start = end;
  }
  return { text: texts.join(" "), settled };
}
