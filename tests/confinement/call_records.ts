// The records of a running service's calls, as a test can hold them: folded from the service's journal
// while it is being written. The service itself shows them to nobody.

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { applyEvent, type CallRecord, newCallRecord } from "../../actors/call_record.ts";

/** The service writes an event within 5 ms; tests look at records about as often as this. */
const LOOK_EVERY_MS = 20;

/** Follows a journal from its first row on. The records change while a test holds them. */
export class CallRecords implements Disposable {
  readonly #records = new Map<string, CallRecord>();
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #db: DatabaseSync;
  #lastCall = 0;
  #lastEvent = 0;

  /** @param dataDir of a service that is up. */
  constructor(dataDir: string) {
    this.#db = new DatabaseSync(join(dataDir, "journal.sqlite"), { readOnly: true });
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  /** All calls, newest first. */
  list(): CallRecord[] {
    this.#look();
    return [...this.#records.values()].reverse();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#db.close();
  }

  #look(): void {
    const calls = this.#db.prepare(
      `SELECT rowid, id, channel_id AS channelId, caller, started_at AS startedAt
       FROM calls WHERE rowid > ? ORDER BY rowid`,
    ).all(this.#lastCall);
    for (const { rowid, id, channelId, caller, startedAt } of calls) {
      const texts = { id: String(id), channelId: String(channelId), caller: String(caller) };
      this.#records.set(texts.id, newCallRecord({ ...texts, startedAt: Number(startedAt) }));
      this.#lastCall = Number(rowid);
    }
    const events = this.#db.prepare(
      "SELECT seq, call_id AS callId, at, event FROM events WHERE seq > ? ORDER BY seq",
    ).all(this.#lastEvent);
    for (const { seq, callId, at, event } of events) {
      const record = this.#records.get(String(callId));
      if (record) applyEvent(record, JSON.parse(String(event)), Number(at));
      this.#lastEvent = Number(seq);
    }
  }
}
