// `deno task forget` deletes calls while the service runs: what the service still has of them in memory
// goes as well, and `forget` waits for that.

import { logger } from "../../../config/logging.ts";
import { SYSTEM_TIME, type TimeSource } from "../../../media/playout/frame_clock.ts";
import { acknowledgeForgotten, announcedCalls } from "../journal/forgetting.ts";
import type { Journal } from "../journal/journal.ts";
import type { Switchboard } from "../switchboard/switchboard.ts";

const log = logger("retention");

/** An operator waits this long at most for the service to hear of it. */
const LOOK_EVERY_MS = 1000;

/** Who keeps calls, in the journal and in memory. */
export interface ForgottenCallsOptions {
  readonly journal: Pick<Journal, "use">;
  readonly switchboard: Pick<Switchboard, "forget" | "isUp">;
  readonly time?: TimeSource;
}

/** Looks every second whether calls are to be forgotten, until it is disposed. */
export class ForgottenCalls implements Disposable {
  readonly #options: ForgottenCallsOptions;
  readonly #time: TimeSource;
  #cancelTimer = () => {};
  #failing = false;

  constructor(options: ForgottenCallsOptions) {
    this.#options = options;
    this.#time = options.time ?? SYSTEM_TIME;
  }

  /** Looks now, and arranges for the next look. Never throws. */
  start(): void {
    try {
      this.#look();
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) {
        log.warn("calls that were forgotten may still be in memory; it is tried every second", {
          error,
        });
      }
      this.#failing = true;
    }
    this.#cancelTimer = this.#time.after(LOOK_EVERY_MS, () => this.start());
  }

  [Symbol.dispose](): void {
    this.#cancelTimer();
  }

  #look(): void {
    const { journal, switchboard } = this.#options;
    const announced = journal.use(announcedCalls);
    // One whose end the journal has, while its session still winds up, would come to memory later.
    const ids = new Set(announced.filter((id) => !switchboard.isUp(id)));
    if (ids.size === 0) return;
    switchboard.forget(({ id }) => ids.has(id));
    journal.use((db) => acknowledgeForgotten(db, [...ids]));
    log.info("calls are forgotten as the operator asked", { calls: ids.size });
  }
}
