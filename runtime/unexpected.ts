// Errors that nobody foresaw, on the thread that serves all calls: they are logged and counted, and end
// nothing. The guards around handlers of messages, timers and promises report here.

import { logger } from "../config/logging.ts";

const log = logger("unexpected");

/** Where an unexpected error was met; the labels of `voxbot_unexpected_errors_total`. */
export const PLACES = [
  /** A message of an isolate is none that it may send. */
  "message",
  /** The service's handler of an isolate's message, or of an isolate's end, threw. */
  "handler",
  /** A supervisor's owner threw when told of a child. */
  "supervisor",
  /** A deadline's callback threw. */
  "timer",
  /** A metric could not take what it was given. */
  "metrics",
  /** No guard caught it: a promise that nobody awaited was rejected. */
  "rejection",
  /** No guard caught it: an event handler or a timer threw. */
  "uncaught",
] as const;

/** One of `PLACES`. */
export type Place = (typeof PLACES)[number];

/** Lines a place may log within a period; beyond that it only counts, so that a log cannot fill a disk. */
const MOST_LINES = 10;
const PERIOD_MS = 10_000;
/** Enough to find the culprit. */
const STACK_LINES = 6;

const counts: Record<Place, number> = Object.fromEntries(
  PLACES.map((place) => [place, 0]),
) as Record<Place, number>;
const logged = new Map<Place, { since: number; lines: number }>();

/** Reports an error that was not foreseen. `facts` say whose it is (isolate=…, call=…). Never throws. */
export function unexpected(
  where: Place,
  error: unknown,
  facts: Readonly<Record<string, unknown>> = {},
): void {
  counts[where]++;
  const lines = nextLine(where);
  if (lines > MOST_LINES) return;
  log.error("unexpected error; what it concerns may be broken, everything else goes on", {
    where,
    ...facts,
    error,
    stack: stackOf(error),
    ...(lines === MOST_LINES && { note: `more of these within ${PERIOD_MS} ms are only counted` }),
  });
}

/** Runs `work`; what it throws is reported. */
export function guarded(
  where: Place,
  work: () => void,
  facts?: Readonly<Record<string, unknown>>,
): void {
  try {
    work();
  } catch (error) {
    unexpected(where, error, facts);
  }
}

/** How many unexpected errors this isolate has met so far, by place. */
export function unexpectedErrors(): Readonly<Record<Place, number>> {
  return { ...counts };
}

function nextLine(where: Place): number {
  const now = performance.now();
  let period = logged.get(where);
  if (!period || now - period.since > PERIOD_MS) {
    logged.set(where, period = { since: now, lines: 0 });
  }
  return ++period.lines;
}

/** Where it was thrown. Without the first line, which repeats the message. */
function stackOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const frames = error.stack?.split("\n").filter((line) => /^\s+at /.test(line)) ?? [];
  return frames.slice(0, STACK_LINES).map((line) => line.trim()).join(" < ");
}
