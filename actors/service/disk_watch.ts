// Recordings are the first to stop when the disk fills, long before the journal has no room, which is
// what lets calls survive: under MIN_FREE_DISK_MB no call is recorded, and every call goes on.

import { statfs } from "node:fs/promises";
import { logger } from "../../config/logging.ts";
import type { Settings } from "../../config/settings.ts";
import { SYSTEM_TIME, type TimeSource } from "../../media/playout/frame_clock.ts";
import type { ServiceMetrics } from "./metrics.ts";

const log = logger("disk");

/** A hundred recorded calls write 6 MB a second: 60 MB between two looks. */
const LOOK_EVERY_MS = 10_000;
/** Recording begins again when there is this much more than the least: not for each file deleted. */
const ENOUGH = 1.2;

/** What the watch works with. */
export interface DiskWatchOptions {
  readonly settings: Pick<Settings, "DATA_DIR" | "MIN_FREE_DISK_MB" | "RECORD_CALLS">;
  readonly metrics: Pick<ServiceMetrics, "diskMeasured">;
  /** Recordings under way must end now. */
  onLow(): void;
  /** Free space in MB at this path, if not the file system's. */
  readonly freeMb?: (path: string) => Promise<number>;
  readonly time?: TimeSource;
}

/** Watches the disk of DATA_DIR until it is disposed. */
export class DiskWatch implements Disposable {
  readonly #options: DiskWatchOptions;
  readonly #time: TimeSource;
  #cancelTimer = () => {};
  #paused = false;
  #over = false;

  constructor(options: DiskWatchOptions) {
    this.#options = options;
    this.#time = options.time ?? SYSTEM_TIME;
  }

  /** No call is recorded, because the disk has too little room. */
  get paused(): boolean {
    return this.#paused;
  }

  /** For the operator; undefined while there is room. */
  get problem(): string | undefined {
    const { DATA_DIR, MIN_FREE_DISK_MB } = this.#options.settings;
    if (!this.#paused) return undefined;
    return `the disk of ${DATA_DIR} has less than MIN_FREE_DISK_MB=${MIN_FREE_DISK_MB} MB free: ` +
      "calls are not recorded";
  }

  /** Looks now, and from time to time. Never rejects. */
  async start(): Promise<void> {
    if (this.#options.settings.MIN_FREE_DISK_MB > 0) await this.#look();
  }

  [Symbol.dispose](): void {
    this.#over = true;
    this.#cancelTimer();
  }

  async #look(): Promise<void> {
    const { settings, metrics, freeMb = freeMbOf } = this.#options;
    try {
      const free = await freeMb(settings.DATA_DIR);
      metrics.diskMeasured(free, this.#judge(free));
    } catch (error) {
      log.debug("the free space of DATA_DIR is not known", { error });
    }
    if (!this.#over) this.#cancelTimer = this.#time.after(LOOK_EVERY_MS, () => void this.#look());
  }

  /** @returns whether there is too little. */
  #judge(free: number): boolean {
    const { MIN_FREE_DISK_MB: least, RECORD_CALLS, DATA_DIR: folder } = this.#options.settings;
    const was = this.#paused;
    this.#paused = free < (was ? least * ENOUGH : least);
    if (this.#paused === was) return was;
    if (this.#paused) {
      log.error("the disk fills: calls are not recorded until there is room", {
        folder,
        freeMb: free,
        MIN_FREE_DISK_MB: least,
        fix: RECORD_CALLS
          ? "free some space, lower KEEP_RECORDINGS_DAYS, or move DATA_DIR to a larger disk"
          : "free some space: the journal needs it",
      });
      this.#options.onLow();
    } else log.info("the disk has room again: calls are recorded", { folder, freeMb: free });
    return this.#paused;
  }
}

async function freeMbOf(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return Math.floor(bavail * bsize / 1024 / 1024);
}
