// The journal's file: made so that only our user can read it, brought to the newest schema, and set
// aside when it is damaged.

import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
} from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

const IN_MEMORY = ":memory:";
const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
/** SQLite's companions of a database in WAL mode. */
const COMPANIONS = ["-wal", "-shm"];

/** Stands in the file as `user_version`; 0 is the schema of version 0.2.0. */
const SCHEMA_VERSION = 2;

// WAL with NORMAL survives the death of the process; only a power cut can lose the last moments.
// `secure_delete` overwrites what is deleted. `auto_vacuum` holds for files that are new: others get it
// when `forget` rewrites them. Five milliseconds is how long the service thread may be held up.
const PRAGMAS = `
  PRAGMA auto_vacuum = INCREMENTAL;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA secure_delete = ON;
  PRAGMA busy_timeout = 5;
`;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS calls (
    id TEXT PRIMARY KEY, channel_id TEXT NOT NULL, caller TEXT NOT NULL,
    started_at INTEGER NOT NULL, ended INTEGER NOT NULL DEFAULT 0) STRICT;
  CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY, call_id TEXT NOT NULL, at INTEGER NOT NULL, event TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS events_of_call ON events (call_id, seq);
  CREATE INDEX IF NOT EXISTS calls_in_list ON calls (ended, started_at, id);
  DROP INDEX IF EXISTS live_calls;
  DROP INDEX IF EXISTS calls_by_end;
`;

/** Where a file says how it is to be written, and what SQLite knows: https://sqlite.org/fileformat2.html */
const FORMAT_AT = 18;
const WAL_FORMAT = 2;

/** Ours, for SQL. */
const NAMES = "'calls', 'events', 'forgotten'";
const COLUMNS = "'id', 'channel_id', 'caller', 'started_at', 'ended', 'caller_key', " +
  "'seq', 'call_id', 'at', 'event'";

/** From each version to the next. */
const MIGRATIONS = [
  // The caller's number as a keyed hash, and calls that `forget` removed while the service runs.
  `ALTER TABLE calls ADD COLUMN caller_key TEXT;
   CREATE TABLE forgotten (call_id TEXT PRIMARY KEY) STRICT;`,
  // What the list of calls shows, so that it need not read their events. Takes a second for some
  // 10,000 calls, once. An event of a phase is {"kind":"phase","phase":"…"}.
  `ALTER TABLE calls ADD COLUMN ended_at INTEGER;
   ALTER TABLE calls ADD COLUMN phase TEXT;
   ALTER TABLE calls ADD COLUMN restarts INTEGER NOT NULL DEFAULT 0;
   UPDATE calls SET
     ended_at = (SELECT at FROM events WHERE call_id = calls.id ORDER BY seq DESC LIMIT 1),
     phase = (SELECT substr(event, 26, length(event) - 27) FROM events
       WHERE call_id = calls.id AND event LIKE '{"kind":"phase","phase":"%' ORDER BY seq DESC LIMIT 1),
     restarts = (SELECT count(*) FROM events
       WHERE call_id = calls.id AND event LIKE '{"kind":"restarted",%')
   WHERE ended = 1;`,
];

/**
 * Opens a journal, creating it where there is none, and brings it to the newest schema.
 *
 * @param path its file, or ":memory:".
 * @throws when the file cannot be made or opened, or is not a journal: see `isDamage`.
 */
export function openDatabase(path: string): DatabaseSync {
  if (path !== IN_MEMORY) {
    makePrivate(path);
    checkFormat(path);
  }
  const db = new DatabaseSync(path);
  try {
    db.exec(PRAGMAS);
    db.exec(`BEGIN; ${SCHEMA}`);
    const version = Number(db.prepare("PRAGMA user_version").get()?.user_version);
    for (const step of MIGRATIONS.slice(version)) db.exec(step);
    if (version < SCHEMA_VERSION) db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    checkSchema(db, version);
    db.exec("COMMIT");
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Whether the file's content is at fault, not the disk or the permissions. By SQLite's words: Deno
 * 2.9.6 gives its numbers for prepared statements only.
 */
export function isDamage(error: unknown): boolean {
  return error instanceof Error &&
    /not a database|malformed|unsupported file format|no such (?:column|table)|has no column|may not be indexed|duplicate column|table \w+ already exists|not a journal/
      .test(error.message);
}

/**
 * Moves a damaged journal out of the way, with its companions.
 *
 * @param now milliseconds since the epoch, for the new name.
 * @returns the new name.
 * @throws when the folder does not allow it.
 */
export function setAside(path: string, now: number): string {
  const aside = `${path}.damaged-${new Date(now).toISOString().replace(/[:.]/g, "")}`;
  renameSync(path, aside);
  for (const companion of COMPANIONS) {
    if (existsSync(path + companion)) renameSync(path + companion, aside + companion);
  }
  return aside;
}

/**
 * Whether rows can be written as this version writes them: a trigger, a rule or a column of somebody
 * else's would refuse or drop each of them, for as long as the file is there. A later version may have
 * more than we know.
 */
function checkSchema(db: DatabaseSync, version: number): void {
  const foreign = version < 0 || db.prepare(
    `SELECT 1 FROM sqlite_schema AS thing WHERE thing.tbl_name IN (${NAMES}) AND
       (thing.type IN ('trigger', 'view') OR thing.sql LIKE 'CREATE UNIQUE INDEX%')
     UNION ALL
     SELECT 1 FROM sqlite_schema AS thing, pragma_table_xinfo(thing.name) AS field
     WHERE thing.type = 'table' AND thing.name IN (${NAMES}) AND
       field.name NOT IN (${COLUMNS}) AND field."notnull" AND field.dflt_value IS NULL`,
  ).get();
  if (foreign) throw new Error("not a journal: its schema is another one's");
}

/** SQLite opens a file of a format to come for reading only, and says nothing else of it. */
function checkFormat(path: string): void {
  const header = new Uint8Array(FORMAT_AT + 1);
  const file = openSync(path, "r");
  try {
    readSync(file, header);
  } finally {
    closeSync(file);
  }
  if (header[FORMAT_AT]! > WAL_FORMAT) throw new Error("not a journal: its format is unknown");
}

/** SQLite gives its companions the mode of the database, so that is made first. */
function makePrivate(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: PRIVATE_FOLDER });
  closeSync(openSync(path, "a", PRIVATE_FILE));
  for (const name of [path, ...COMPANIONS.map((companion) => path + companion)]) {
    if (existsSync(name)) chmodSync(name, PRIVATE_FILE);
  }
}
