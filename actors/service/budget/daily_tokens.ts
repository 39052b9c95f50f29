// The tokens that models have used today, over all calls; a day is one of the host's local time. Kept
// in a file, so that a restart gives nothing back.

import { readFileSync } from "node:fs";
import { logger } from "../../../config/logging.ts";
import { guarded } from "../../../runtime/unexpected.ts";
import type { ServiceMetrics } from "../metrics.ts";

const log = logger("budget");

/** For this service's user alone, like all that lies in DATA_DIR. */
const MODE = 0o600;
/** How soon after midnight the models answer again. */
const LOOK_EVERY_MS = 60_000;

/** What the count works with. */
export interface DailyTokensOptions {
  /** The file that keeps the count. */
  readonly path: string;
  /** `LLM_DAILY_TOKENS`; 0 bounds nothing. */
  readonly limit: number;
  readonly metrics: Pick<ServiceMetrics, "tokensOfDay">;
  /** Told when the day's tokens are used up, and when another day has begun. */
  onSpent(spent: boolean): void;
  /** The time of day; the host's unless a test brings its own. */
  readonly now?: () => Date;
}

/** Counts the day's tokens, and says when there are no more. */
export class DailyTokens implements AsyncDisposable {
  readonly #options: DailyTokensOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  #day: string;
  #tokens: number;
  #spent = false;
  #unsaved = false;
  #saving?: Promise<void>;
  #saveFailed = false;

  /** Goes on with what the file says of today. Never throws: a file that cannot be read counts 0. */
  constructor(options: DailyTokensOptions) {
    this.#options = options;
    this.#day = this.#today();
    this.#tokens = storedTokens(options.path, this.#day);
    this.#timer = setInterval(() => guarded("timer", () => this.#turnPage()), LOOK_EVERY_MS);
    this.#weigh();
  }

  /** Whether models may not be asked any more today. */
  get spent(): boolean {
    return this.#spent;
  }

  /** What the operator should know, if anything. */
  get problem(): string | undefined {
    return this.#spent
      ? "models have used up LLM_DAILY_TOKENS: until midnight, answers come from the knowledge base"
      : undefined;
  }

  /** A request to a model has used so many. */
  add(tokens: number): void {
    this.#turnPage();
    this.#tokens += tokens;
    this.#weigh();
    this.#save();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#saving;
  }

  #today(): string {
    const now = this.#options.now?.() ?? new Date();
    return [now.getFullYear(), now.getMonth() + 1, now.getDate()].join("-");
  }

  #turnPage(): void {
    const today = this.#today();
    if (today === this.#day) return;
    this.#day = today;
    this.#tokens = 0;
    this.#weigh();
  }

  #weigh(): void {
    const { limit, metrics, onSpent } = this.#options;
    metrics.tokensOfDay(this.#tokens, limit);
    const spent = limit > 0 && this.#tokens >= limit;
    if (spent === this.#spent) return;
    this.#spent = spent;
    if (spent) {
      log.warn("models have used up the day's tokens: the knowledge base answers until midnight", {
        tokens: this.#tokens,
        limit,
        fix: "raise LLM_DAILY_TOKENS and restart, or look for calls that use too many",
      });
    } else log.info("another day: models answer again");
    onSpent(spent);
  }

  #save(): void {
    this.#unsaved = true;
    this.#saving ??= this.#saveAll().finally(() => this.#saving = undefined);
  }

  /** Writes until nothing new has come: under load one file holds what many requests used. */
  async #saveAll(): Promise<void> {
    const { path } = this.#options;
    while (this.#unsaved) {
      this.#unsaved = false;
      const text = JSON.stringify({ day: this.#day, tokens: this.#tokens });
      try {
        await Deno.writeTextFile(`${path}.partial`, text, { mode: MODE });
        await Deno.rename(`${path}.partial`, path);
        this.#saveFailed = false;
      } catch (error) {
        if (!this.#saveFailed) {
          log.warn("the day's tokens could not be written: a restart would forget them", {
            path,
            error,
          });
        }
        this.#saveFailed = true;
      }
    }
  }
}

/** What a file says of this day. */
function storedTokens(path: string, today: string): number {
  try {
    const { day, tokens } = JSON.parse(readFileSync(path, "utf8"));
    if (typeof day !== "string" || !Number.isSafeInteger(tokens) || tokens < 0) {
      throw new SyntaxError("no day and amount of tokens");
    }
    return day === today ? tokens : 0;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) {
      log.warn("the count of the day's tokens cannot be read and begins at 0", { path, error });
    }
    return 0;
  }
}
