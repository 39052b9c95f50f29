// The list of ended calls, page by page. Each page is found by an index and read from the calls' own
// rows, never from their events: a list of a million calls must not hold the service thread up.

import type { DatabaseSync } from "node:sqlite";
import type { CallRecord, Phase } from "../../call_record.ts";
import { phase as isPhase } from "../isolates/border/call_words.ts";
import { callStart, moment } from "./stored_calls.ts";

/** A call as it appears in a list. */
export interface ListedCall extends Pick<CallRecord, "id" | "caller" | "startedAt" | "endedAt"> {
  readonly phase: Phase;
  /** How often its isolate was replaced. */
  readonly restarts: number;
}

/** A place in the list, which is sorted by start and id, newest first. */
export type ListPlace = Pick<ListedCall, "startedAt" | "id">;

/**
 * The ended calls that follow `after` in the list, from its beginning without it; at most `limit`.
 *
 * @throws when the file cannot be read.
 */
export function storedPage(
  db: DatabaseSync,
  after: ListPlace | undefined,
  limit: number,
): { readonly records: ListedCall[]; readonly skipped: number } {
  const rows = db.prepare(
    `SELECT substr(id, 1, 65) AS id, '' AS channelId, substr(caller, 1, 256) AS caller,
       ${moment("started_at")} AS startedAt, ${moment("ended_at")} AS endedAt,
       substr(phase, 1, 16) AS phase, restarts & 0xffff AS restarts
     FROM calls WHERE ended = 1 ${after ? "AND (started_at, id) < (?, ?)" : ""}
     ORDER BY started_at DESC, id DESC LIMIT ?`,
  ).all(...after ? [after.startedAt, after.id] : [], limit);
  const records = rows.flatMap((row): ListedCall[] => {
    const start = callStart(row);
    if (!start) return [];
    const { id, caller, startedAt } = start;
    const { endedAt, phase, restarts } = row;
    return [{
      id,
      caller,
      startedAt,
      // Its last event is damaged or was lost.
      endedAt: typeof endedAt === "number" ? endedAt : startedAt,
      phase: isPhase(phase) ? phase as Phase : "answering",
      restarts: Number(restarts),
    }];
  });
  return { records, skipped: rows.length - records.length };
}

/** Whether `a` comes before `b` in the list: negative when it does. */
export function inListOrder(a: ListPlace, b: ListPlace): number {
  if (a.startedAt !== b.startedAt) return b.startedAt - a.startedAt;
  return a.id < b.id ? 1 : a.id > b.id ? -1 : 0;
}
