// The calls that have ended, as far as they are kept in memory for the console.

import type { CallRecord } from "../../call_record.ts";

/** Ended calls kept in memory. */
const KEEP_ENDED = 1000;

/** The newest of the calls that have ended. */
export class EndedCalls {
  /** Newest first. */
  #calls: CallRecord[];

  /** @param earlier the journal's, newest first. */
  constructor(earlier: (limit: number) => CallRecord[]) {
    this.#calls = earlier(KEEP_ENDED);
  }

  /** Newest first. */
  all(): readonly CallRecord[] {
    return this.#calls;
  }

  /** A call has ended. */
  keep(record: CallRecord): void {
    this.#calls.unshift(record);
    this.#calls.length = Math.min(this.#calls.length, KEEP_ENDED);
  }

  /** Drops the calls for which `which` says so. */
  forget(which: (call: CallRecord) => boolean): void {
    this.#calls = this.#calls.filter((call) => !which(call));
  }
}
