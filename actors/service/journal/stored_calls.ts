// Reads calls back from the journal's file. What the file holds is data: a row that is no call or no
// event is skipped and counted, and no call takes more than its share of memory.

import type { DatabaseSync } from "node:sqlite";
import { applyEvent, type CallRecord, newCallRecord } from "../../call_record.ts";
import { fits, MAX_EVENT_CHARS, storedEvent } from "./stored_event.ts";

/** Most events of one call that are written or read: some hours of talk. */
export const MAX_EVENTS_A_CALL = 20_000;
/** Most characters of one call's events that are written or read. */
export const MAX_CHARS_A_CALL = 8_000_000;

/** Read at a time, so that a huge call is never in memory whole. */
const EVENTS_AT_A_TIME = 500;

/** The last moment that a Date can hold; SQLite's integers go further, and Deno refuses to read those. */
const LAST_MOMENT = 8_640_000_000_000_000;

/** An id becomes a part of file names. */
const ID = /^[\w-]{1,64}$/;

/** A call as it began. */
export type CallStart = Pick<CallRecord, "id" | "channelId" | "caller" | "startedAt">;

/** A call as its row has it; undefined when the row is none. */
export function callStart(
  { id, channelId, caller, startedAt }: Record<string, unknown>,
): CallStart | undefined {
  return typeof id === "string" && ID.test(id) && typeof channelId === "string" &&
      typeof caller === "string" && typeof startedAt === "number"
    ? { id, channelId, caller, startedAt }
    : undefined;
}

/** Calls, and how many rows were skipped in reading them. */
export interface StoredCalls {
  readonly records: CallRecord[];
  readonly skipped: number;
}

/**
 * The calls that have not ended, oldest first.
 *
 * @throws when the file cannot be read.
 */
export function storedLiveCalls(db: DatabaseSync): StoredCalls {
  return new Reader(db).calls("WHERE ended = 0 ORDER BY started_at LIMIT ?", 100_000);
}

/**
 * The calls that have ended, newest first, at most `limit`.
 *
 * @throws when the file cannot be read.
 */
export function storedEndedCalls(db: DatabaseSync, limit: number): StoredCalls {
  return new Reader(db).calls("WHERE ended = 1 ORDER BY started_at DESC LIMIT ?", limit);
}

/**
 * The ended call with this id, as a list of one or none.
 *
 * @throws when the file cannot be read.
 */
export function storedEndedCall(db: DatabaseSync, id: string): StoredCalls {
  return new Reader(db).calls("WHERE ended = 1 AND id = ?", id);
}

class Reader {
  readonly #db: DatabaseSync;
  #skipped = 0;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  calls(which: string, parameter: number | string): StoredCalls {
    const rows = this.#db.prepare(
      `SELECT substr(id, 1, 65) AS id, substr(channel_id, 1, 256) AS channelId,
         substr(caller, 1, 256) AS caller, ${moment("started_at")} AS startedAt, ended
       FROM calls ${which}`,
    ).all(parameter);
    const records = rows.flatMap((row) => this.#call(row));
    return { records, skipped: this.#skipped };
  }

  #call(row: Record<string, unknown>): CallRecord[] {
    const start = callStart(row);
    if (!start) {
      this.#skipped++;
      return [];
    }
    const record = newCallRecord(start);
    const lastAt = this.#fold(record) ?? start.startedAt;
    // Its last event is damaged, or lies beyond what is read.
    if (row.ended && record.endedAt === undefined) {
      applyEvent(record, { kind: "ended", reason: "lost" }, lastAt);
    }
    return [record];
  }

  /** Folds the call's events; returns when the last of them happened. */
  #fold(record: CallRecord): number | undefined {
    const page = this.#db.prepare(
      `SELECT seq, ${moment("at")} AS at,
         CASE WHEN length(event) <= ${MAX_EVENT_CHARS} THEN event END AS event
       FROM events WHERE call_id = ? AND seq > ? ORDER BY seq LIMIT ${EVENTS_AT_A_TIME}`,
    );
    let [after, count, chars] = [-1, 0, 0];
    let lastAt: number | undefined;
    for (;;) {
      const rows = page.all(record.id, after);
      for (const { at, event: text } of rows) {
        const event = storedEvent(text);
        if (!event || typeof at !== "number" || !fits(record, event)) this.#skipped++;
        else {
          applyEvent(record, event, at);
          lastAt = at;
        }
        chars += String(text).length;
      }
      count += rows.length;
      if (rows.length < EVENTS_AT_A_TIME) return lastAt;
      if (count >= MAX_EVENTS_A_CALL || chars >= MAX_CHARS_A_CALL) return lastAt;
      after = Number(rows.at(-1)!.seq);
    }
  }
}

/** SQL for a column's value where it is a moment, and NULL where it is not. */
export function moment(column: string): string {
  return `CASE WHEN ${column} BETWEEN 0 AND ${LAST_MOMENT} THEN ${column} END`;
}
