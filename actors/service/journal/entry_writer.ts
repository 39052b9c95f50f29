// Writes the journal's entries into its file, all of a batch or none.

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { BegunCall, CallSummary } from "./open_calls.ts";

/** A call that has begun, or an event of a call: the one with a summary ends it. */
export type Entry = BegunCall | {
  readonly callId: string;
  readonly at: number;
  readonly text: string;
  readonly summary: CallSummary | undefined;
};

/** SQLite's numbers of what is wrong with a row, not with the disk: https://sqlite.org/rescode.html */
const ROW_FAULTS = [18, /* TOOBIG */ 19, /* CONSTRAINT */ 20 /* MISMATCH */];

/** The writer of one database. */
export class EntryWriter {
  readonly #db: DatabaseSync;
  readonly #keepsEnded: boolean;
  /** Prepared once each. */
  readonly #statements = new Map<string, StatementSync>();

  /** @param keepsEnded false: a call's rows are deleted when it ends. */
  constructor(db: DatabaseSync, keepsEnded: boolean) {
    this.#db = db;
    this.#keepsEnded = keepsEnded;
  }

  /**
   * Writes the entries in one transaction.
   *
   * @throws when the file refuses them: see `isRowFault`.
   */
  write(entries: readonly Entry[]): void {
    this.#db.exec("BEGIN");
    try {
      for (const entry of entries) this.#insert(entry);
      this.#db.exec("COMMIT");
    } finally {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
    }
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, statement = this.#db.prepare(sql));
    return statement;
  }

  #insert(entry: Entry): void {
    if ("call" in entry) {
      const { id, channelId, caller, startedAt } = entry.call;
      this.#statement(
        "INSERT OR IGNORE INTO calls (id, channel_id, caller, started_at, ended, caller_key) " +
          "VALUES (?, ?, ?, ?, 0, ?)",
      ).run(id, channelId, caller, startedAt, entry.callerKey);
      return;
    }
    const { callId, at, text, summary } = entry;
    // Not of a call that is no longer there: nobody would ever delete it.
    this.#statement(
      "INSERT INTO events (call_id, at, event) SELECT ?, ?, ? " +
        "WHERE EXISTS (SELECT 1 FROM calls WHERE id = ?)",
    ).run(callId, at, text, callId);
    if (!summary) return;
    if (this.#keepsEnded) {
      this.#statement(
        "UPDATE calls SET ended = 1, ended_at = ?, phase = ?, restarts = ? WHERE id = ?",
      ).run(at, summary.phase, summary.restarts, callId);
    } else {
      this.#statement("DELETE FROM events WHERE call_id = ?").run(callId);
      this.#statement("DELETE FROM calls WHERE id = ?").run(callId);
    }
  }
}

/** Whether the row is at fault: SQLite refuses it, or it cannot even be handed over. */
export function isRowFault(error: unknown): boolean {
  if (error instanceof TypeError) return true;
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) : 0;
  return ROW_FAULTS.includes(code & 0xff);
}
