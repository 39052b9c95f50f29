// The journal: every event of every call, in SQLite, so that a call outlives its isolate and the
// service. The service thread must not wait for the disk, so events are written in batches, a moment
// after they happened; and a journal that cannot be opened, read or written costs resuming, not calls.

import type { DatabaseSync } from "node:sqlite";
import { logger } from "../../../config/logging.ts";
import type { CallEvent, CallRecord } from "../../call_record.ts";
import type { ServiceMetrics } from "../metrics.ts";
import { callerHash, callerKeyOf } from "./caller_key.ts";
import { isDamage, openDatabase, setAside } from "./database.ts";
import { type Entry, EntryWriter, isRowFault } from "./entry_writer.ts";
import { type ListedCall, type ListPlace, storedPage } from "./listed_calls.ts";
import { OpenCalls } from "./open_calls.ts";
import {
  type CallStart,
  storedEndedCall,
  storedEndedCalls,
  storedLiveCalls,
} from "./stored_calls.ts";

const log = logger("journal");

/** What the journal counts. */
export type JournalMetrics = Pick<ServiceMetrics, "journalFailed" | "journalSkipped">;

/** A batch is written this long after its first event. */
const WRITE_AFTER_MS = 5;
/** After a failed write: nobody frees a full disk within milliseconds. */
const RETRY_AFTER_MS = 1000;
/** Events kept in memory while the disk refuses them; beyond that the oldest are dropped. */
const MAX_UNWRITTEN = 100_000;

const FREE_OR_CHANGE = "free some space there, or set DATA_DIR to a folder that can be written";

/** An append-only journal of calls. */
export class Journal implements Disposable {
  readonly #metrics: JournalMetrics;
  readonly #path: string;
  /** Undefined when it cannot be kept: then calls have no hash of their caller. */
  readonly #key: Uint8Array | undefined;
  readonly #open: OpenCalls;
  #db!: DatabaseSync;
  #writer!: EntryWriter;
  #unwritten: Entry[] = [];
  #timer?: ReturnType<typeof setTimeout>;
  #failing = false;
  /** The file could not be opened: the journal is in memory instead. */
  #inMemory = false;
  /** What happened to the file, and what to do. */
  #mishap?: string;

  private constructor(path: string, metrics: JournalMetrics) {
    this.#path = path;
    this.#metrics = metrics;
    this.#open = new OpenCalls(metrics);
    this.#take(() => this.#openFile());
    if (path !== ":memory:" && !this.#inMemory) this.#key = callerKeyOf(path);
  }

  /**
   * Opens the journal, creating it where there is none. A file that is damaged is set aside and a new
   * one begun. A journal that cannot be opened (a full disk, a folder that is not ours) is kept in
   * memory instead, for as long as this process lives.
   *
   * @param path its file, or ":memory:".
   */
  static open(path: string, metrics: JournalMetrics): Journal {
    return new Journal(path, metrics);
  }

  /** Why calls would not survive this process, or did not, and what to do; undefined when all is well. */
  get problem(): string | undefined {
    return this.#failing ? `the journal cannot be written: ${FREE_OR_CHANGE}` : this.#mishap;
  }

  /** A call has begun. `number`: the caller's, not masked; only its keyed hash is kept. */
  begin({ id, channelId, caller, startedAt }: CallStart, number = ""): void {
    const call = { id, channelId, caller, startedAt };
    const begun = { call, callerKey: this.#key ? callerHash(this.#key, number) : null };
    this.#open.begin(begun);
    this.#add(begun);
  }

  /**
   * Something happened in a call, at `at` (milliseconds since the epoch). A call has a share of the
   * journal; what goes beyond it is not kept, but its end is.
   */
  append(callId: string, event: CallEvent, at: number): void {
    const text = JSON.stringify(event);
    const summary = this.#open.follow(callId, event);
    if (!summary && !this.#open.hasRoom(callId, text.length)) return;
    this.#add({ callId, at, text, summary });
  }

  /** The calls that have not ended, oldest first; of an earlier run, those it left behind. */
  liveCalls(): CallRecord[] {
    this.#write();
    const records = this.#read(storedLiveCalls);
    for (const { id, channelId, caller, startedAt, phase, restarts } of records) {
      const begun = { call: { id, channelId, caller, startedAt }, callerKey: null };
      this.#open.begin(begun, { phase, restarts: restarts.length });
    }
    return records;
  }

  /** The calls that have ended, newest first, at most `limit`. */
  endedCalls(limit: number): CallRecord[] {
    return this.#read((db) => storedEndedCalls(db, limit));
  }

  /** The ended call with this id. */
  endedCall(id: string): CallRecord | undefined {
    return this.#read((db) => storedEndedCall(db, id))[0];
  }

  /** The ended calls that follow `after` in the list, newest first, at most `limit`. */
  endedPage(after: ListPlace | undefined, limit: number): ListedCall[] {
    return this.#read((db) => storedPage(db, after, limit));
  }

  /**
   * Runs `work` on the database, which must not leave a transaction open.
   *
   * @throws what `work` throws. A file that proves to be damaged has then been set aside.
   */
  use<T>(work: (db: DatabaseSync) => T): T {
    try {
      return work(this.#db);
    } catch (error) {
      this.#beginAnew(error);
      throw error;
    }
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
      this.#writeAll();
      this.#unwritten = [];
      if (this.#failing) log.info("journal can be written again");
      this.#failing = false;
    } catch (error) {
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

  #writeAll(): void {
    try {
      this.#writer.write(this.#unwritten);
    } catch (error) {
      if (this.#beginAnew(error)) this.#writer.write(this.#unwritten);
      else if (isRowFault(error)) this.#oneByOne();
      else throw error;
    }
  }

  /** One odd entry must not keep the others from being written. */
  #oneByOne(): void {
    while (this.#unwritten.length > 0) {
      try {
        this.#writer.write(this.#unwritten.slice(0, 1));
      } catch (error) {
        if (!isRowFault(error)) throw error;
        this.#metrics.journalSkipped(1);
        log.warn("journal refused an entry; the others are written", { error });
      }
      this.#unwritten.shift();
    }
  }

  #read<T>(
    stored: (db: DatabaseSync) => { readonly records: T[]; readonly skipped: number },
  ): T[] {
    try {
      const { records, skipped } = stored(this.#db);
      if (skipped > 0) {
        this.#metrics.journalSkipped(skipped);
        log.warn("journal holds rows that are no calls or events; they are left out", { skipped });
      }
      return records;
    } catch (error) {
      if (!this.#beginAnew(error)) {
        this.#metrics.journalFailed();
        log.error(
          "journal cannot be read; calls are taken, those of an earlier run are not known",
          {
            error,
            fix: "look at the disk of DATA_DIR",
          },
        );
      }
      return [];
    }
  }

  /** Takes a database into use; one in memory where that fails. */
  #take(open: () => DatabaseSync): void {
    try {
      this.#db = open();
    } catch (error) {
      this.#db = this.#inMemoryInstead(error);
    }
    // In memory, nobody will ask for ended calls, and they must not fill it.
    this.#writer = new EntryWriter(this.#db, !this.#inMemory);
  }

  #openFile(): DatabaseSync {
    try {
      return openDatabase(this.#path);
    } catch (error) {
      if (!isDamage(error)) throw error;
      return this.#replaceFile(error);
    }
  }

  /** Where the file proves to be damaged: a new one, with the calls that are up. False otherwise. */
  #beginAnew(error: unknown): boolean {
    if (this.#inMemory || !isDamage(error)) return false;
    this.#db.close();
    this.#take(() => this.#replaceFile(error));
    this.#unwritten.unshift(...this.#open.all());
    this.#timer ??= setTimeout(() => this.#write(), WRITE_AFTER_MS);
    return true;
  }

  #replaceFile(error: unknown): DatabaseSync {
    this.#metrics.journalFailed();
    const aside = setAside(this.#path, Date.now());
    const fix =
      "look at the disk; what can be saved: sqlite3 <that file> .recover; delete it when " +
      "nobody needs it, it holds what callers said";
    log.error("journal was damaged and is set aside; a new one is begun", { aside, error, fix });
    this.#mishap = `the journal was damaged and is set aside as ${aside}: ${fix}`;
    return openDatabase(this.#path);
  }

  #inMemoryInstead(error: unknown): DatabaseSync {
    this.#metrics.journalFailed();
    const fix = `${FREE_OR_CHANGE}, and start again`;
    log.error("journal cannot be opened; calls are taken, but would not survive the service", {
      path: this.#path,
      error,
      fix,
    });
    this.#mishap = `the journal ${this.#path} could not be opened: ${fix}`;
    this.#inMemory = true;
    return openDatabase(":memory:");
  }
}
