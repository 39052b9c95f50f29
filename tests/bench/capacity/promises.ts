// Which promises a level breaks, and what had run out.

import type { Level } from "./measure.ts";

/** What a level must keep. Times in milliseconds. */
export interface Promises {
  /** 95 % of the answers begin within it. */
  readonly voiceToVoiceMs: number;
  /** 99 % of the gaps between frames. */
  readonly frameGapMs: number;
}

/** A thread that works this share of the time has no time left: its queue only grows. */
const BUSY_THREAD = 0.85;
/** A machine that is idle for less of its time has no CPU left. */
const BUSY_MACHINE = 0.1;
/** A single request may have come just before the reading. */
const ONE_UNDER_WAY = 1;
/** The service's thread reads ARI, which Asterisk drops after 100 ms. */
const LATE_THREAD_SECONDS = 0.05;

/** The promises that are broken, in words; none when the level is kept. */
export function broken({ heard, complaints }: Level, promises: Promises): string[] {
  const found: string[] = [];
  const { calls, whole, unanswered, voiceToVoice, frameGap } = heard;
  if (whole < calls) found.push(`${calls - whole} of ${calls} calls not answered whole`);
  if (unanswered > 0) found.push(`${unanswered} questions unanswered`);
  if (!(voiceToVoice.p95 <= promises.voiceToVoiceMs)) {
    found.push(
      `voice to voice p95 ${voiceToVoice.p95.toFixed(0)} ms, over ${promises.voiceToVoiceMs}`,
    );
  }
  if (!(frameGap.p99 <= promises.frameGapMs)) {
    found.push(`frame gap p99 ${frameGap.p99} ms, over ${promises.frameGapMs}`);
  }
  if (complaints.length > 0) found.push(`${complaints.length} warnings in the service's log`);
  return found;
}

/** What a level had too little of, as far as it can be seen from outside. */
export function ranOut({ used }: Level): string[] {
  if (!used) return [];
  const found = used.threads.filter(({ most }) => most >= BUSY_THREAD)
    .map(({ name, most }) => `${name}: a thread at ${(100 * most).toFixed(0)} % of a core`);
  if (used.idle < BUSY_MACHINE) {
    found.push(`the machine's CPU: ${(100 * used.idle).toFixed(0)} % idle`);
  }
  const lag = used.waiting["nodejs_eventloop_lag_p99_seconds"] ?? 0;
  if (lag > LATE_THREAD_SECONDS) {
    found.push(`the service thread's time: event loop lag p99 ${(1000 * lag).toFixed(0)} ms`);
  }
  for (const [series, value] of Object.entries(used.waiting)) {
    const work = /engine_waiting\{work="(\w+)"\}/.exec(series)?.[1];
    if (work && value > ONE_UNDER_WAY) {
      found.push(`the engine: ${value} requests waiting for ${work}`);
    }
  }
  return found;
}
