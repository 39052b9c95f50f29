// Starts call isolates: who has a waiting caller first, no more at once than there are cores, and
// those in advance so that the calls which are live do not hear it.

import type { Prompts } from "../../../config/prompts.ts";
import type { Settings } from "../../../config/settings.ts";
import { secretsOf, withholdSecrets } from "../../../config/withheld.ts";
import { Semaphore } from "../../../runtime/semaphore.ts";
import { pause } from "../../../runtime/waiting.ts";
import type { CallIsolateData, FromCall, ToCall } from "../../messages.ts";
import {
  Isolate,
  type IsolateHandle,
  type IsolateOptions,
  IsolateStartError,
} from "../../otp/isolate.ts";
import { isFromCall } from "./border/from_call.ts";

/** A call isolate starts in under a second, on a busy machine in a few. */
const INIT_TIMEOUT_MS = 15_000;
/** Isolates started in parallel: more would only share the cores, and all would be late together. */
const PARALLEL_STARTS = navigator.hardwareConcurrency;
/** Between two starts in advance while calls are live, however long a start takes. */
const LONGEST_REST_MS = 1000;

/** Until one has started here: an isolate's start takes under a second. */
const FIRST_START_MS = 1000;

/** A call speaks to these services itself. It neither speaks to ARI nor obtains IAM tokens. */
const CALL_SECRETS = ["OPENAI_API_KEY", "YANDEX_API_KEY"] as const;

/** What isolates are started from. */
export interface StarterOptions {
  readonly settings: Settings;
  /** A call isolate's entry point. */
  readonly module: URL;
  /** `Isolate.start`, unless a test brings isolates of its own. */
  readonly startIsolate?: (options: IsolateOptions) => Promise<IsolateHandle<ToCall, FromCall>>;
  /** Milliseconds of a clock that never runs backwards. */
  readonly now: () => number;
  /** The prompts of a call that begins now. */
  readonly prompts: () => Promise<Prompts>;
}

/** Starts isolates until it is closed. */
export class IsolateStarter {
  readonly #options: StarterOptions;
  /** As the isolates get them. */
  readonly #settings: Settings;
  readonly #semaphore = new Semaphore(PARALLEL_STARTS);
  /** What starts in advance leaves a core to the calls, and to those who wait for an isolate. */
  readonly #inAdvance = new Semaphore(Math.max(1, PARALLEL_STARTS - 1));
  readonly #closing = new AbortController();
  #started = 0;
  /** How long an isolate's start takes at present, smoothed. */
  #startMs = FIRST_START_MS;

  constructor(options: StarterOptions) {
    this.#options = options;
    this.#settings = withholdSecrets(options.settings, CALL_SECRETS);
  }

  /** How long the last of so many starts would take from now. */
  waitMs(starts: number): number {
    return Math.ceil(starts / PARALLEL_STARTS) * this.#startMs;
  }

  /** From now on nothing is started; what is starting comes to its end. */
  close(): void {
    this.#closing.abort();
  }

  /**
   * Starts one for a caller who waits.
   *
   * @throws {IsolateStartError} when it does not start.
   */
  startNow(): Promise<IsolateHandle<ToCall, FromCall>> {
    return this.#start(true);
  }

  /**
   * Starts one for which nobody waits. While calls are live, the next such start rests for as long as
   * this one took: it takes half a core at most from those who are speaking.
   *
   * @throws {IsolateStartError} when it does not start.
   */
  async startInAdvance(callsAreLive: () => boolean): Promise<IsolateHandle<ToCall, FromCall>> {
    const turn = await this.#inAdvance.acquire(true);
    const began = this.#options.now();
    try {
      return await this.#start(false);
    } finally {
      const rest = Math.min(this.#options.now() - began, LONGEST_REST_MS);
      if (rest > 0 && callsAreLive()) {
        void pause(rest, this.#closing.signal).then(() => turn[Symbol.dispose]());
      } else turn[Symbol.dispose]();
    }
  }

  async #start(callerWaits: boolean): Promise<IsolateHandle<ToCall, FromCall>> {
    const { module, now, prompts } = this.#options;
    const start = this.#options.startIsolate ?? Isolate.start<ToCall, FromCall>;
    using _turn = await this.#semaphore.acquire(callerWaits);
    const name = `call-${++this.#started}`;
    if (this.#closing.signal.aborted) {
      throw new IsolateStartError(name, "shutdown", "the service is ending");
    }
    const data: CallIsolateData = {
      logLevel: this.#settings.LOG_LEVEL,
      logFormat: this.#settings.LOG_FORMAT,
      settings: this.#settings,
      secrets: secretsOf(this.#settings),
      prompts: await prompts(),
      callerWaits,
    };
    const began = now();
    const isolate = await start({
      name,
      module,
      data,
      heapMb: this.#settings.CALL_HEAP_MB,
      initTimeoutMs: INIT_TIMEOUT_MS,
      isMessage: isFromCall,
    });
    this.#startMs = 0.7 * this.#startMs + 0.3 * (now() - began);
    return isolate;
  }
}
