// Damages a journal's files.

import { DatabaseSync } from "node:sqlite";
import type { Mutator } from "../mutator.ts";

/** What was done to the files. */
export interface Damage {
  readonly what: string;
  /** No journal can be kept there as long as nobody mends it. */
  readonly spoilt?: boolean;
  /** A file is too long now to be damaged further. */
  readonly huge?: boolean;
}

const PAGE = 4096;
/** A file may say that it is as long as this, and hold next to nothing. */
const HUGE_BYTES = [300_000_000, 5_000_000_000];
/** Rows that take some memory to read. */
const LONG_CHARACTERS = [70_000, 3_000_000];
const MANY_EVENTS = 800;

/** Damages the journal in `folder` in one of all ways. */
export async function damage(folder: string, mutator: Mutator): Promise<Damage> {
  const kind = mutator.random.pick(KINDS);
  return { what: kind.name, ...await kind(`${folder}/journal.sqlite`, mutator) };
}

type Kind = (path: string, mutator: Mutator) => Promise<Partial<Damage> | void>;

const KINDS: readonly Kind[] = [
  cut,
  flipBits,
  flipBits,
  overwritePage,
  overwritePage,
  changeHeader,
  changeHeader,
  replaceFile,
  companions,
  companions,
  callerKey,
  makeHuge,
  oddSchema,
  oddSchema,
  oddSchema,
  oddRows,
  oddRows,
  oddRows,
];

async function cut(path: string, mutator: Mutator): Promise<Partial<Damage>> {
  const { size } = await Deno.stat(path);
  const at = mutator.chance(0.5)
    ? mutator.below(size)
    : PAGE * mutator.below(Math.ceil(size / PAGE));
  await Deno.truncate(path, at);
  return { what: `cut after ${at} of ${size} bytes` };
}

async function flipBits(path: string, mutator: Mutator): Promise<Partial<Damage>> {
  const name = mutator.chance(0.3) ? `${path}-wal` : path;
  const flips = 1 + mutator.below(200);
  await changed(name, (bytes) => {
    for (let i = 0; i < flips && bytes.length > 0; i++) {
      bytes[mutator.below(bytes.length)]! ^= 1 << mutator.below(8);
    }
    return bytes;
  });
  return { what: `${flips} bits flipped in ${fileName(name)}` };
}

async function overwritePage(path: string, mutator: Mutator): Promise<Partial<Damage>> {
  let page = 0;
  await changed(path, (bytes) => {
    page = mutator.below(Math.max(1, bytes.length / PAGE));
    const other = PAGE * mutator.below(Math.max(1, bytes.length / PAGE));
    const filling = mutator.random.pick([
      new Uint8Array(PAGE),
      mutator.noise(PAGE),
      bytes.slice(other, other + PAGE),
    ]);
    bytes.set(filling.subarray(0, Math.max(0, bytes.length - page * PAGE)), page * PAGE);
    return bytes;
  });
  return { what: `page ${page} overwritten` };
}

/** The header's fields: https://sqlite.org/fileformat2.html */
async function changeHeader(path: string, mutator: Mutator): Promise<Partial<Damage>> {
  const fields = [
    [16, 2],
    [18, 1],
    [19, 1],
    [20, 1],
    [24, 4],
    [28, 4],
    [32, 4],
    [36, 4],
    [40, 4],
    [
      44,
      4,
    ],
    [52, 4],
    [56, 4],
    [60, 4],
    [64, 4],
    [68, 4],
    [92, 4],
  ] as const;
  const [at, length] = mutator.random.pick(fields);
  const value = mutator.random.pick([0, 1, 2, 3, 0x7fffffff, 0xffffffff, mutator.below(2 ** 32)]);
  await changed(path, (bytes) => {
    for (let i = 0; i < length && at + i < bytes.length; i++) {
      bytes[at + i] = value >>> 8 * (length - 1 - i);
    }
    return bytes;
  });
  return { what: `header: ${value} at ${at}` };
}

async function replaceFile(path: string, mutator: Mutator): Promise<Partial<Damage>> {
  const what = mutator.random.pick(["nothing", "noise", "text", "folder", "foreign", "link"]);
  await Deno.remove(path, { recursive: true });
  if (what === "folder") await Deno.mkdir(path);
  else if (what === "link") await Deno.symlink("nowhere/journal.sqlite", path);
  else if (what === "foreign") {
    using db = new DatabaseSync(path);
    db.exec("CREATE TABLE people (name TEXT); CREATE TABLE calls (number TEXT, at REAL)");
  } else {
    const bytes = {
      nothing: new Uint8Array(),
      noise: mutator.noise(mutator.below(9000)),
      text: new TextEncoder().encode(mutator.json([mutator.odd(), "SQLite format 3\0"])),
    }[what]!;
    await Deno.writeFile(path, bytes);
  }
  return { what: `${what} in the file's place`, spoilt: what === "folder" || what === "link" };
}

async function companions(path: string, mutator: Mutator): Promise<Partial<Damage>> {
  const name = `${path}${mutator.random.pick(["-wal", "-wal", "-shm", "-journal"])}`;
  const how = mutator.random.pick(["damaged", "cut", "noise", "huge", "folder", "gone"]);
  if (how === "damaged") await changed(name, (bytes) => mutator.bytes(bytes));
  else if (how === "cut") {
    await changed(name, (bytes) => bytes.slice(0, mutator.below(bytes.length)));
  } else {
    await Deno.remove(name, { recursive: true }).catch(whereThereIsNone);
    if (how === "noise") await Deno.writeFile(name, mutator.noise(mutator.below(70_000)));
    if (how === "huge") await sparse(name, mutator.random.pick(HUGE_BYTES));
    if (how === "folder") await Deno.mkdir(name);
  }
  return { what: `${fileName(name)}: ${how}`, spoilt: how === "folder", huge: how === "huge" };
}

async function callerKey(path: string, mutator: Mutator): Promise<Partial<Damage>> {
  const name = path.replace("journal.sqlite", "caller.key");
  const how = mutator.random.pick(["noise", "huge", "folder", "link"]);
  await Deno.remove(name, { recursive: true }).catch(whereThereIsNone);
  if (how === "noise") await Deno.writeFile(name, mutator.noise(mutator.below(100)));
  if (how === "huge") await sparse(name, mutator.random.pick(HUGE_BYTES));
  if (how === "folder") await Deno.mkdir(name);
  if (how === "link") await Deno.symlink("nowhere/caller.key", name);
  return { what: `caller.key: ${how}`, huge: how === "huge" };
}

async function makeHuge(path: string, mutator: Mutator): Promise<Partial<Damage>> {
  const bytes = mutator.random.pick(HUGE_BYTES);
  await sparse(path, bytes);
  return { what: `${bytes} bytes long`, huge: true };
}

/** Another schema than ours, as a version to come or somebody's editor makes it. */
function oddSchema(path: string, mutator: Mutator): Promise<Partial<Damage>> {
  const sql = mutator.random.pick([
    "DROP TABLE calls",
    "DROP TABLE events",
    "DROP TABLE forgotten",
    "ALTER TABLE events RENAME COLUMN event TO evnt",
    "ALTER TABLE calls DROP COLUMN caller_key",
    "ALTER TABLE calls ADD COLUMN more TEXT NOT NULL DEFAULT 'x'",
    "DROP TABLE events; CREATE VIEW events AS SELECT 1 AS seq, id AS call_id, 1 AS at, 2 AS event FROM calls",
    "DROP TABLE events; CREATE TABLE events (seq INTEGER PRIMARY KEY, call_id TEXT, at INTEGER, event TEXT, must TEXT NOT NULL)",
    "DROP TABLE calls; CREATE TABLE calls (id TEXT, channel_id TEXT, caller TEXT, started_at, ended, caller_key)",
    "CREATE TRIGGER no BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'no'); END",
    "CREATE TRIGGER no BEFORE INSERT ON calls BEGIN SELECT RAISE(IGNORE); END",
    "CREATE TRIGGER gone AFTER INSERT ON events BEGIN DELETE FROM calls; END",
    "CREATE UNIQUE INDEX one ON events (at)",
    "DROP INDEX events_of_call",
    `PRAGMA user_version = ${mutator.random.pick([-1, 0, 2, 999, 2147483647])}`,
    "PRAGMA journal_mode = DELETE",
    "PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM",
    "PRAGMA journal_mode = DELETE; PRAGMA page_size = 65536; VACUUM",
    "PRAGMA application_id = 1",
    "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE' WHERE name = 'calls'",
    "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 99999 WHERE name = 'events'",
    "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name LIKE 'sqlite_auto%'",
    "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET type = 'odd' WHERE name = 'events_of_call'",
  ]);
  return inDatabase(path, (db) => db.exec(sql), sql);
}

/** Rows of other types and sizes than ours. */
function oddRows(path: string, mutator: Mutator): Promise<Partial<Damage>> {
  const what = mutator.random.pick(["call", "event", "long", "many", "untyped"]);
  return inDatabase(path, (db) => {
    const [call, event] = ["livecall", `ended${mutator.below(60)}`];
    const id = mutator.chance(0.5) ? call : event;
    const insert = () => db.prepare("INSERT INTO events (call_id, at, event) VALUES (?, ?, ?)");
    if (what === "call") {
      const at = mutator.random.pick([-1, 0, 1e15, 9223372036854775807n, Date.now()]);
      db.prepare(
        "INSERT OR REPLACE INTO calls (id, channel_id, caller, started_at, ended) VALUES (?, ?, ?, ?, ?)",
      )
        .run(
          oddId(mutator, id),
          oddId(mutator, "1.1"),
          String(mutator.odd()),
          at,
          mutator.below(3),
        );
    } else if (what === "event") {
      for (let i = 1 + mutator.below(9); i > 0; i--) {
        insert().run(
          id,
          mutator.random.pick([Date.now(), -1, 9223372036854775807n]),
          oddEvent(mutator),
        );
      }
    } else if (what === "long") {
      const text = "x".repeat(mutator.random.pick(LONG_CHARACTERS));
      insert().run(id, Date.now(), JSON.stringify({ kind: "caller_turn", turn: 0, text }));
    } else if (what === "many") {
      db.exec("BEGIN");
      for (let i = 0; i < MANY_EVENTS; i++) insert().run(id, Date.now(), oddEvent(mutator));
      db.exec("COMMIT");
    } else {
      const values = [null, -1, 0.5, 1e308, "", "soon", mutator.noise(20)];
      const odd = () => mutator.random.pick(values);
      db.exec(`PRAGMA writable_schema = ON;
        UPDATE sqlite_schema SET sql = replace(replace(sql, ' STRICT', ''), ' NOT NULL', '');
        PRAGMA writable_schema = RESET`);
      db.prepare("UPDATE calls SET started_at = ?, ended = ?, caller = ? WHERE id = ?")
        .run(odd(), odd(), odd(), id);
      db.prepare("UPDATE events SET at = ?, event = ? WHERE call_id = ?").run(odd(), odd(), id);
    }
  }, `rows: ${what}`);
}

function oddId(mutator: Mutator, id: string): string {
  return mutator.chance(0.5)
    ? id
    : mutator.random.pick(["", "../../x", "a".repeat(70_000), "\0", "1"]);
}

function oddEvent(mutator: Mutator): string {
  return mutator.json(mutator.random.pick([
    { kind: "caller_turn", turn: 1, text: "words", raw: "words" },
    { kind: "bot_phrase", turn: 1, phrase: 0, text: "An answer." },
    { kind: "phrase_heard", turn: 1, phrase: 0 },
    { kind: "timings", turn: 1, stages: { audio_queued: 400 } },
    {
      kind: "tool_begun",
      turn: 1,
      id: "t1",
      call: { name: "take_contact", contact: {} },
      after: 0,
    },
    { kind: "restarted", reason: "crash", phase: "speaking", waitedMs: 40 },
    { kind: "ended", reason: "transfer" },
  ]));
}

/** Works on the database, if earlier damage leaves one. */
function inDatabase(
  path: string,
  work: (db: DatabaseSync) => void,
  what: string,
): Promise<Partial<Damage>> {
  let db: DatabaseSync | undefined;
  try {
    // Without the checks that keep a schema whole.
    db = new DatabaseSync(path);
    // Deno's own types do not have it yet.
    (db as DatabaseSync & { enableDefensive(on: boolean): void }).enableDefensive(false);
    work(db);
    return Promise.resolve({ what });
  } catch (error) {
    return Promise.resolve({ what: `${what} (not possible: ${(error as Error).message})` });
  } finally {
    db?.close();
  }
}

async function changed(
  path: string,
  change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array,
): Promise<void> {
  const bytes = await Deno.readFile(path).catch(() => new Uint8Array());
  const { isDirectory } = await Deno.stat(path).catch(() => ({ isDirectory: false }));
  if (!isDirectory) await Deno.writeFile(path, change(bytes));
}

/** A file that says it is as long as this and takes no room on the disk. */
async function sparse(path: string, bytes: number): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  await file.truncate(bytes);
}

function whereThereIsNone(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
