// What the journal says about calls that are to be forgotten, and the table through which `forget`, a
// process of its own, tells the running service which calls must leave its memory.

import { DatabaseSync } from "node:sqlite";
import { callerHash, type CallerKey } from "./caller_key.ts";
import { storedEvent } from "./stored_event.ts";

/** How many names of calls an operator reads. */
const MOST_ALIKE = 20;
/** Another process that opens or closes the file holds it for less. */
const IN_USE_MS = 500;

/** A call as the journal has it. */
export interface KnownCall {
  readonly id: string;
  /** False: it is up, or the service died during it. */
  readonly ended: boolean;
}

/** Whether another connection has the journal open: the service runs. @throws when it is no journal. */
export function isInUse(path: string): boolean {
  using db = new DatabaseSync(path);
  try {
    // A connection of this mode takes the file for itself before its first read, or fails to.
    db.exec(`PRAGMA busy_timeout = ${IN_USE_MS}; PRAGMA locking_mode = EXCLUSIVE`);
    db.prepare("SELECT count(*) FROM sqlite_schema").get();
    return false;
  } catch (error) {
    if (error instanceof Error && /locked|busy/.test(error.message)) return true;
    throw error;
  }
}

/** The call with this id. */
export function callWithId(db: DatabaseSync, id: string): KnownCall | undefined {
  const row = db.prepare("SELECT id, ended FROM calls WHERE id = ?").get(id);
  return row && knownCall(row);
}

/**
 * The calls of a number, oldest first. Calls of version 0.2.0 have no hash of it: those whose caller
 * was shown whole (an extension, a SIP name) are found by that.
 */
export function callsOfNumber(db: DatabaseSync, key: CallerKey, number: string): KnownCall[] {
  const hash = callerHash(key, number);
  if (hash === null) return [];
  const byHash = db.prepare(
    "SELECT id, ended FROM calls WHERE caller_key = ? ORDER BY started_at",
  ).all(hash);
  const byName = db.prepare(
    "SELECT id, ended, caller FROM calls WHERE caller_key IS NULL AND caller NOT LIKE '%*%'",
  ).all().filter(({ caller }) => callerHash(key, String(caller)) === hash);
  return [...byHash, ...byName].map(knownCall);
}

/**
 * Calls without a hash whose masked number ends as this one does: they may be its caller's, or
 * somebody else's. The newest of them.
 */
export function callsLike(db: DatabaseSync, number: string): string[] {
  const last = number.replace(/\D/g, "").slice(-2);
  if (last.length < 2) return [];
  return db.prepare(
    "SELECT id FROM calls WHERE caller_key IS NULL AND caller LIKE '*%' || ? " +
      "ORDER BY started_at DESC LIMIT ?",
  ).all(last, MOST_ALIKE).map(({ id }) => String(id));
}

/** What the bot said in a call, phrase by phrase. */
export function phrasesOf(db: DatabaseSync, callId: string): string[] {
  return db.prepare("SELECT event FROM events WHERE call_id = ? ORDER BY seq").all(callId)
    .flatMap(({ event: text }) => {
      const event = storedEvent(text);
      return event?.kind === "bot_phrase" ? [event.text] : [];
    });
}

/** Tells the service to keep nothing of these calls in memory. */
export function announceForgotten(db: DatabaseSync, callIds: readonly string[]): void {
  const insert = db.prepare("INSERT OR IGNORE INTO forgotten (call_id) VALUES (?)");
  for (const id of callIds) insert.run(id);
}

/** The calls that were announced and not yet acknowledged. */
export function announcedCalls(db: DatabaseSync): string[] {
  return db.prepare("SELECT call_id FROM forgotten").all().map(({ call_id }) => String(call_id));
}

/** The service has nothing of these calls in memory any more. */
export function acknowledgeForgotten(db: DatabaseSync, callIds: readonly string[]): void {
  const remove = db.prepare("DELETE FROM forgotten WHERE call_id = ?");
  for (const id of callIds) remove.run(id);
}

/**
 * Writes the whole file anew: what an earlier version or another program has deleted was not
 * overwritten. Takes about a second per 100 MB, in which nobody else can write. A file of version 0.2.0
 * gives its free pages back to the disk from then on.
 *
 * @throws when another process writes for longer than the connection's `busy_timeout`.
 */
export function rewrite(db: DatabaseSync): void {
  db.exec("PRAGMA auto_vacuum = INCREMENTAL; VACUUM");
}

function knownCall({ id, ended }: Record<string, unknown>): KnownCall {
  return { id: String(id), ended: ended === 1 };
}
