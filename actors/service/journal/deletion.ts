// Deletes calls from the journal. The service thread must not be held up, and another process must
// get its turn to write, so calls go in pieces, each a transaction of a few milliseconds.

import type { DatabaseSync } from "node:sqlite";

/** Most events of a piece; an event has some 200 characters. */
const EVENTS_A_PIECE = 200;
/** A piece ends with the event that goes beyond this many characters. */
const CHARS_A_PIECE = 250_000;
/** Most calls of a piece. */
const CALLS_A_PIECE = 50;
/** Pages given back to the disk at a time. */
const PAGES_A_STEP = 64;

/**
 * Calls that have ended and began before `before` (milliseconds since the epoch), oldest first; as many
 * as may go in one piece.
 */
export function endedBefore(db: DatabaseSync, before: number): string[] {
  return db.prepare(
    "SELECT id FROM calls WHERE ended = 1 AND started_at < ? ORDER BY started_at LIMIT ?",
  ).all(before, CALLS_A_PIECE).map(({ id }) => String(id));
}

/**
 * Deletes a piece of these calls, in their order. A call's own row goes last: what is interrupted is
 * continued by the next attempt.
 *
 * @returns the calls of which nothing is left.
 * @throws when the file cannot be written.
 */
export function deletePiece(db: DatabaseSync, callIds: readonly string[]): string[] {
  const someEvents = db.prepare(
    `DELETE FROM events WHERE seq IN (
       SELECT seq FROM (
         SELECT seq, length(event) AS chars, sum(length(event)) OVER (ORDER BY seq) AS until
         FROM events WHERE call_id = ? ORDER BY seq LIMIT ?)
       WHERE until - chars < ?)
     RETURNING length(event) AS chars`,
  );
  const emptyCall = db.prepare(
    "DELETE FROM calls WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM events WHERE call_id = ?1)",
  );
  const isThere = db.prepare("SELECT 1 FROM calls WHERE id = ?");
  const gone: string[] = [];
  let [events, chars] = [EVENTS_A_PIECE, CHARS_A_PIECE];
  db.exec("BEGIN IMMEDIATE");
  try {
    for (const id of callIds.slice(0, CALLS_A_PIECE)) {
      const deleted = someEvents.all(id, events, chars);
      events -= deleted.length;
      chars -= deleted.reduce((sum, row) => sum + Number(row.chars), 0);
      emptyCall.run(id);
      if (!isThere.get(id)) gone.push(id);
      if (events <= 0 || chars <= 0) break;
    }
    db.exec("COMMIT");
    return gone;
  } finally {
    if (db.isTransaction) db.exec("ROLLBACK");
  }
}

/**
 * Gives some free pages back to the disk; nothing in a file of version 0.2.0, which `forget` has not
 * rewritten yet.
 *
 * @returns whether there are more.
 */
export function giveBackPages(db: DatabaseSync): boolean {
  const before = freePages(db);
  // It frees one page a row, and Deno's exec() stops after the first.
  db.prepare(`PRAGMA incremental_vacuum(${PAGES_A_STEP})`).all();
  const after = freePages(db);
  return after > 0 && after < before;
}

/**
 * Moves what was written into the database and empties the write-ahead log, which holds what was
 * deleted until then.
 *
 * @returns false when another process is reading or writing.
 */
export function emptyWal(db: DatabaseSync): boolean {
  return Number(db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get()?.busy) === 0;
}

function freePages(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA freelist_count").get()?.freelist_count);
}
