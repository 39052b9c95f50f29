// What tests of recognisers and voices have in common.

import { concatPcm, FRAME_SAMPLES, type Pcm } from "../media/frame.ts";

/** A signal that never aborts. */
export const NEVER = new AbortController().signal;

/** All of a voice's audio. */
export async function collect(audio: AsyncIterable<Pcm>): Promise<Pcm> {
  const parts: Pcm[] = [];
  for await (const pcm of audio) parts.push(pcm);
  return concatPcm(parts);
}

/** Audio as a line delivers it: in frames of 20 ms. */
export function frames(pcm: Pcm): Pcm[] {
  const count = Math.ceil(pcm.length / FRAME_SAMPLES);
  return Array.from(
    { length: count },
    (_, i) => pcm.slice(i * FRAME_SAMPLES, (i + 1) * FRAME_SAMPLES),
  );
}
