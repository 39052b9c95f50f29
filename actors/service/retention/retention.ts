// What callers said is kept for as long as the settings say: a sweep at the start and every day
// deletes older calls and recordings, in steps so short that the service thread is there for its calls.

import { logger } from "../../../config/logging.ts";
import type { Settings } from "../../../config/settings.ts";
import { SYSTEM_TIME, type TimeSource } from "../../../media/playout/frame_clock.ts";
import { recordingFile } from "../calls/recording_file.ts";
import { deletePiece, emptyWal, endedBefore, giveBackPages } from "../journal/deletion.ts";
import type { Journal } from "../journal/journal.ts";
import type { ServiceMetrics } from "../metrics.ts";
import type { Switchboard } from "../switchboard/switchboard.ts";
import { deleteOldJournals, deleteOldRecordings, deleteRecording } from "./old_files.ts";

const log = logger("retention");

const DAY_MS = 86_400_000;
/** A sweep that failed is tried again after this. */
const RETRY_AFTER_MS = 3_600_000;
/** Between two steps: calls need the thread far more often than a sweep needs to end. */
const REST_MS = 20;

/** What the sweep works with. */
export interface RetentionOptions {
  readonly settings: Pick<Settings, "DATA_DIR" | "KEEP_JOURNAL_DAYS" | "KEEP_RECORDINGS_DAYS">;
  readonly journal: Pick<Journal, "use">;
  readonly switchboard: Pick<Switchboard, "forget" | "isUp">;
  readonly metrics: Pick<ServiceMetrics, "retentionDeleted" | "retentionFailed">;
  readonly time?: TimeSource;
  /** The time of day, in milliseconds since the epoch. */
  readonly now?: () => number;
}

/** The sweep, now and every day, until it is disposed. */
export class Retention implements AsyncDisposable {
  readonly #options: RetentionOptions;
  readonly #time: TimeSource;
  readonly #now: () => number;
  readonly #over = new AbortController();
  #cancelTimer = () => {};
  #sweep: Promise<void> = Promise.resolve();

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#time = options.time ?? SYSTEM_TIME;
    this.#now = options.now ?? Date.now;
  }

  /** Begins the first sweep; each one arranges for the next. */
  start(): void {
    this.#sweep = this.#run();
  }

  /** Resolves when the sweep that is under way has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    this.#cancelTimer();
    await this.#sweep;
  }

  /** Never fails: what cannot be deleted is logged and tried again. */
  async #run(): Promise<void> {
    let nextMs = DAY_MS;
    try {
      await this.#sweepAll();
    } catch (error) {
      nextMs = RETRY_AFTER_MS;
      this.#options.metrics.retentionFailed();
      log.error("what is too old could not be deleted; it is tried again in an hour", {
        error,
        fix: "see that the bot's user can write to DATA_DIR and that its disk is not full",
      });
    }
    if (!this.#isOver) this.#cancelTimer = this.#time.after(nextMs, () => this.start());
  }

  async #sweepAll(): Promise<void> {
    const { settings: { DATA_DIR, KEEP_JOURNAL_DAYS, KEEP_RECORDINGS_DAYS }, switchboard } =
      this.#options;
    const deleted = { calls: 0, recordings: 0, damagedJournals: 0 };
    if (KEEP_RECORDINGS_DAYS > 0) {
      const before = this.#daysAgo(KEEP_RECORDINGS_DAYS);
      deleted.recordings = await deleteOldRecordings(
        DATA_DIR,
        before,
        (id) => switchboard.isUp(id),
      );
    }
    if (KEEP_JOURNAL_DAYS > 0) {
      const before = this.#daysAgo(KEEP_JOURNAL_DAYS);
      switchboard.forget(({ startedAt }) => startedAt < before);
      await this.#sweepJournal(before, deleted);
      deleted.damagedJournals = await deleteOldJournals(DATA_DIR, before);
    }
    this.#options.metrics.retentionDeleted("calls", deleted.calls);
    this.#options.metrics.retentionDeleted("recordings", deleted.recordings);
    log.info("what was kept long enough is deleted", deleted);
  }

  async #sweepJournal(
    before: number,
    deleted: { calls: number; recordings: number },
  ): Promise<void> {
    const { journal, settings } = this.#options;
    while (!this.#isOver) {
      const old = journal.use((db) => endedBefore(db, before));
      if (old.length === 0) break;
      const gone = journal.use((db) => deletePiece(db, old));
      deleted.calls += gone.length;
      for (const id of gone) {
        if (await deleteRecording(recordingFile(settings, id))) deleted.recordings++;
      }
      await this.#rest();
    }
    while (!this.#isOver && journal.use(giveBackPages)) await this.#rest();
    // What was deleted still stands in the write-ahead log until then.
    if (!this.#isOver && !journal.use(emptyWal)) {
      log.info("the journal's write-ahead log is emptied by the next sweep: others are reading it");
    }
  }

  get #isOver(): boolean {
    return this.#over.signal.aborted;
  }

  #daysAgo(days: number): number {
    return this.#now() - days * DAY_MS;
  }

  /** Lets the thread's other work have its turn; ends early when the sweep is to end. */
  async #rest(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const onAbort = () => resolve();
    this.#over.signal.addEventListener("abort", onAbort);
    const cancel = this.#time.after(REST_MS, resolve);
    await promise;
    cancel();
    this.#over.signal.removeEventListener("abort", onAbort);
  }
}
