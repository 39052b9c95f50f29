// When a test caller heard sound, and when silence.

import type { HeardFrame } from "./caller.ts";
import { concatPcm, FRAME_MS, levelDbfs, type Pcm } from "../media/frame.ts";
import { pause } from "../runtime/waiting.ts";

/** A louder frame is sound; comfort noise and codec residue lie below. */
const AUDIBLE_DBFS = -55;
const POLL_MS = 20;

/** A span of sound, in milliseconds as of `performance.now()`. */
export interface SoundSpan {
  readonly from: number;
  readonly to: number;
}

/** Whether a frame is sound rather than silence. */
export function isAudible({ pcm }: HeardFrame): boolean {
  return levelDbfs(pcm) > AUDIBLE_DBFS;
}

/** When the first sound at or after `since` was heard. */
export function firstSoundAfter(heard: readonly HeardFrame[], since: number): number | undefined {
  return heard.find((frame) => frame.at >= since && isAudible(frame))?.at;
}

/** When the latest sound ended. */
export function lastSound(heard: readonly HeardFrame[]): number | undefined {
  const frame = heard.findLast(isAudible);
  return frame && frame.at + FRAME_MS;
}

/** The spans of sound, joined where less than `gapMs` of silence lies between them. */
export function sounds(heard: readonly HeardFrame[], gapMs = 600): SoundSpan[] {
  const found: { from: number; to: number }[] = [];
  for (const frame of heard) {
    if (!isAudible(frame)) continue;
    const last = found.at(-1);
    if (last && frame.at - last.to < gapMs) last.to = frame.at + FRAME_MS;
    else found.push({ from: frame.at, to: frame.at + FRAME_MS });
  }
  return found;
}

/** Milliseconds between the arrivals of neighbouring frames that are both sound. */
export function frameGaps(heard: readonly HeardFrame[]): number[] {
  const gaps: number[] = [];
  for (let i = 1; i < heard.length; i++) {
    const [before, after] = [heard[i - 1]!, heard[i]!];
    if (isAudible(before) && isAudible(after)) gaps.push(after.at - before.at);
  }
  return gaps;
}

/** The audio heard between two moments. */
export function heardBetween(heard: readonly HeardFrame[], from: number, to: number): Pcm {
  return concatPcm(heard.filter(({ at }) => at >= from && at < to).map(({ pcm }) => pcm));
}

/**
 * Waits until the caller has heard sound after `since`, followed by `quietMs` of silence;
 * `quietMs: -Infinity` waits for the sound alone.
 *
 * @returns when the first such sound was heard.
 * @throws {Error} after `timeoutMs`.
 */
export async function untilSpokenTo(
  heard: readonly HeardFrame[],
  since: number,
  { quietMs = 700, timeoutMs = 20_000 }: { quietMs?: number; timeoutMs?: number } = {},
): Promise<number> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const from = firstSoundAfter(heard, since);
    if (from !== undefined && performance.now() - lastSound(heard)! >= quietMs) return from;
    if (performance.now() > deadline) {
      throw new Error(
        `the caller heard ${from === undefined ? "nothing" : "no end of it"} for ${timeoutMs} ms`,
      );
    }
    await pause(POLL_MS);
  }
}
