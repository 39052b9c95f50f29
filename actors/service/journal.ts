// The journal: every event of every call, in SQLite, so that a call outlives its isolate and the
// service. The service thread must not wait for the disk, so events are written in batches, a moment
// after they happened; and a journal that cannot be opened or written costs resuming, not calls.

import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { logger } from "../../config/logging.ts";
import { applyEvent, type CallEvent, type CallRecord, newCallRecord } from "../call_record.ts";
import type { ServiceMetrics } from "./metrics.ts";

const log = logger("journal");

/** A call as it began. */
export type CallStart = Pick<CallRecord, "id" | "channelId" | "caller" | "startedAt">;

/** A batch is written this long after its first event. */
const WRITE_AFTER_MS = 5;
/** After a failed write: nobody frees a full disk within milliseconds. */
const RETRY_AFTER_MS = 1000;
/** Events kept in memory while the disk refuses them; beyond that the oldest are dropped. */
const MAX_UNWRITTEN = 100_000;

const FREE_OR_CHANGE = "free some space there, or set DATA_DIR to a folder that can be written";

// WAL with NORMAL survives the death of the process; only a power cut can lose the last moments.
const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS calls (
    id TEXT PRIMARY KEY, channel_id TEXT NOT NULL, caller TEXT NOT NULL,
    started_at INTEGER NOT NULL, ended INTEGER NOT NULL DEFAULT 0) STRICT;
  CREATE INDEX IF NOT EXISTS live_calls ON calls (ended) WHERE ended = 0;
  CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY, call_id TEXT NOT NULL, at INTEGER NOT NULL, event TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS events_of_call ON events (call_id, seq);
`;

type Entry =
  | { readonly call: CallStart }
  | { readonly callId: string; readonly event: CallEvent; readonly at: number };

/** An append-only journal of calls. */
export class Journal implements Disposable {
  readonly #metrics: Pick<ServiceMetrics, "journalFailed">;
  readonly #db: DatabaseSync;
  readonly #insertCall: StatementSync;
  readonly #insertEvent: StatementSync;
  #unwritten: Entry[] = [];
  #timer?: ReturnType<typeof setTimeout>;
  #failing = false;
  /** Why the journal is in memory only. */
  readonly #unopened?: string;

  private constructor(
    db: DatabaseSync,
    metrics: Pick<ServiceMetrics, "journalFailed">,
    unopened?: string,
  ) {
    this.#db = db;
    this.#metrics = metrics;
    this.#unopened = unopened;
    this.#insertCall = this.#db.prepare(
      "INSERT INTO calls (id, channel_id, caller, started_at) VALUES (?, ?, ?, ?)",
    );
    this.#insertEvent = this.#db.prepare(
      "INSERT INTO events (call_id, at, event) VALUES (?, ?, ?)",
    );
  }

  /**
   * Opens the journal, creating it where there is none. A journal that cannot be opened (a full disk,
   * a folder that is not ours) is kept in memory instead, for as long as this process lives.
   *
   * @param path its file, or ":memory:".
   */
  static open(path: string, metrics: Pick<ServiceMetrics, "journalFailed">): Journal {
    try {
      return new Journal(openDatabase(path), metrics);
    } catch (error) {
      metrics.journalFailed();
      const fix = `${FREE_OR_CHANGE}, and start again`;
      log.error("journal cannot be opened; calls are taken, but would not survive the service", {
        path,
        error,
        fix,
      });
      const unopened = `the journal ${path} could not be opened: ${fix}`;
      return new Journal(openDatabase(":memory:"), metrics, unopened);
    }
  }

  /** Why calls would not survive this process, and what to do; undefined when they would. */
  get problem(): string | undefined {
    if (this.#unopened !== undefined) return this.#unopened;
    return this.#failing ? `the journal cannot be written: ${FREE_OR_CHANGE}` : undefined;
  }

  /** A call has begun. */
  begin(call: CallStart): void {
    this.#add({ call });
  }

  /** Something happened in a call, at `at` (milliseconds since the epoch). */
  append(callId: string, event: CallEvent, at: number): void {
    this.#add({ callId, event, at });
  }

  /** The calls that have not ended, oldest first; of an earlier run, those it left behind. */
  liveCalls(): CallRecord[] {
    this.#write();
    const rows = this.#db.prepare("SELECT * FROM calls WHERE ended = 0 ORDER BY started_at").all();
    return rows.map((row) => this.#fold(row));
  }

  /** The calls that have ended, newest first, at most `limit`. */
  endedCalls(limit: number): CallRecord[] {
    const rows = this.#db.prepare(
      "SELECT * FROM calls WHERE ended = 1 ORDER BY started_at DESC LIMIT ?",
    ).all(limit);
    return rows.map((row) => this.#fold(row));
  }

  /** Writes what is still in memory and closes the file. */
  [Symbol.dispose](): void {
    this.#write();
    clearTimeout(this.#timer);
    this.#db.close();
  }

  #add(entry: Entry): void {
    this.#unwritten.push(entry);
    if (this.#unwritten.length > MAX_UNWRITTEN) this.#unwritten.shift();
    this.#timer ??= setTimeout(() => this.#write(), WRITE_AFTER_MS);
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#unwritten.length === 0) return;
    try {
      this.#db.exec("BEGIN");
      for (const entry of this.#unwritten) this.#insert(entry);
      this.#db.exec("COMMIT");
      this.#unwritten = [];
      if (this.#failing) log.info("journal can be written again");
      this.#failing = false;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      this.#metrics.journalFailed();
      if (!this.#failing) {
        log.error(
          "journal cannot be written; calls continue, but would not survive the service",
          { error, fix: FREE_OR_CHANGE },
        );
      }
      this.#failing = true;
      this.#timer = setTimeout(() => this.#write(), RETRY_AFTER_MS);
    }
  }

  #insert(entry: Entry): void {
    if ("call" in entry) {
      const { id, channelId, caller, startedAt } = entry.call;
      this.#insertCall.run(id, channelId, caller, startedAt);
      return;
    }
    this.#insertEvent.run(entry.callId, entry.at, JSON.stringify(entry.event));
    if (entry.event.kind !== "ended") return;
    if (this.#unopened === undefined) {
      this.#db.prepare("UPDATE calls SET ended = 1 WHERE id = ?").run(entry.callId);
    } else {
      // Nobody will ask for it, and it must not fill the memory.
      this.#db.prepare("DELETE FROM events WHERE call_id = ?").run(entry.callId);
      this.#db.prepare("DELETE FROM calls WHERE id = ?").run(entry.callId);
    }
  }

  #fold(row: Record<string, unknown>): CallRecord {
    const record = newCallRecord({
      id: String(row.id),
      channelId: String(row.channel_id),
      caller: String(row.caller),
      startedAt: Number(row.started_at),
    });
    const events = this.#db.prepare("SELECT at, event FROM events WHERE call_id = ? ORDER BY seq")
      .all(record.id);
    for (const { at, event } of events) {
      applyEvent(record, JSON.parse(String(event)) as CallEvent, Number(at));
    }
    return record;
  }
}

/** @throws when the file cannot be made, or is not a journal. */
function openDatabase(path: string): DatabaseSync {
  if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
  const db = new DatabaseSync(path);
  try {
    db.exec(SCHEMA);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
