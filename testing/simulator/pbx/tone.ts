// The plain tone of a PBX.

import { FRAME_SAMPLES, type Pcm, SAMPLE_RATE_HZ } from "../../../media/frame.ts";

const AMPLITUDE = 4000;

/** 20 ms of a tone that began `start` samples ago. */
export function toneFrame(hz: number, start: number): Pcm {
  return Int16Array.from(
    { length: FRAME_SAMPLES },
    (_, i) => AMPLITUDE * Math.sin(2 * Math.PI * hz * (start + i) / SAMPLE_RATE_HZ),
  );
}
