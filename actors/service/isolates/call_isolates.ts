// The pool of call isolates: a few warm ones, ready to take a call, and the busy ones. Each holds a
// port to the speech engine, and gets a new one when the engine was replaced.

import { logger } from "../../../config/logging.ts";
import { type Prompts, type PromptsFile, promptsOfCall } from "../../../config/prompts.ts";
import type { Settings } from "../../../config/settings.ts";
import { withholdSecrets } from "../../../config/withheld.ts";
import { Semaphore } from "../../../runtime/semaphore.ts";
import { atMost } from "../../../runtime/waiting.ts";
import type { SpeechEvent } from "../../../speech/events.ts";
import { Episodes } from "../../../speech/failover/episodes.ts";
import { ServiceFailure } from "../../../speech/failure.ts";
import type { BreakerEvent, CallIsolateData, FromCall, ToCall, ToPool } from "../../messages.ts";
import {
  Isolate,
  type IsolateHandle,
  type IsolateOptions,
  IsolateStartError,
} from "../../otp/isolate.ts";
import type { ServiceMetrics } from "../metrics.ts";
import { isFromCall } from "./border/from_call.ts";
import type { EngineHost } from "./engine_host.ts";
import { type CallIsolate, PooledIsolate, type PoolMessage } from "./pooled_isolate.ts";
import type { TokenBroker } from "./token_broker.ts";

const log = logger("pool");

/** A call isolate starts in under a second, on a busy machine in a few. */
const INIT_TIMEOUT_MS = 15_000;
/** Rendering the prompts takes a fraction of a second; without an engine it never happens. */
const WARM_TIMEOUT_MS = 5000;
/** Starting a worker blocks this thread for some 30 ms (measured): the call that took one is set up first. */
const REFILL_AFTER_MS = 200;
/** After a failed start or a death: its cause is hardly gone the moment after. */
const REFILL_PAUSE_MS = 1000;
/** Isolates started in parallel: more would only share the cores, and all would be late together. */
const PARALLEL_STARTS = navigator.hardwareConcurrency;

/** Until one has started here: an isolate's start takes under a second. */
const FIRST_START_MS = 1000;

/** A call speaks to these services itself. It neither speaks to ARI nor obtains IAM tokens. */
const CALL_SECRETS = ["OPENAI_API_KEY", "YANDEX_API_KEY"] as const;

/** What the pool works with. */
export interface CallIsolatesOptions {
  readonly settings: Settings;
  /** A call isolate's entry point. */
  readonly module: URL;
  readonly promptsFile: Pick<PromptsFile, "current">;
  readonly engine: Pick<EngineHost, "attach">;
  readonly metrics: Pick<ServiceMetrics, "poolSize" | "speechHappened" | "lineCounted">;
  readonly tokens: Pick<TokenBroker, "answer">;
  /** `Isolate.start`, unless a test brings isolates of its own. */
  readonly startIsolate?: (options: IsolateOptions) => Promise<IsolateHandle<ToCall, FromCall>>;
}

/** Starts call isolates, keeps some warm, and equips them all. */
export class CallIsolates implements AsyncDisposable {
  readonly #options: CallIsolatesOptions;
  /** As the isolates get them. */
  readonly #callSettings: Settings;
  readonly #episodes = new Episodes();
  readonly #all = new Set<PooledIsolate>();
  readonly #semaphore = new Semaphore(PARALLEL_STARTS);
  /** Speech services left alone after failures, for isolates that start meanwhile. */
  readonly #broken = new Map<string, BreakerEvent>();
  #warm: PooledIsolate[] = [];
  /** Started, and rendering the prompts: good enough for a caller who waits. */
  readonly #warming = new Set<PooledIsolate>();
  #starting = 0;
  #started = 0;
  /** How long an isolate's start takes at present, smoothed. */
  #startMs = FIRST_START_MS;
  /** Models may not be asked any more today. */
  #modelsSpent = false;
  #closed = false;
  #refill?: ReturnType<typeof setTimeout>;

  constructor(options: CallIsolatesOptions) {
    this.#options = options;
    this.#callSettings = withholdSecrets(options.settings, CALL_SECRETS);
  }

  /** The prompts of a call that begins now. Never rejects. */
  async prompts(): Promise<Prompts> {
    const { promptsFile, settings } = this.#options;
    return promptsOfCall(await promptsFile.current(), settings.RECORD_CALLS);
  }

  /** Isolates alive, warm and busy. */
  get size(): number {
    return this.#all.size;
  }

  /** Starts the warm isolates that are missing; resolves when they are ready. Never rejects. */
  async fill(): Promise<void> {
    const missing = this.#options.settings.CALL_POOL_SIZE - this.#warm.length - this.#starting;
    await Promise.all(Array.from({ length: Math.max(0, missing) }, () => this.#warmUp()));
  }

  /**
   * A warm isolate, or a new one where none is warm. The pool is refilled in the background.
   *
   * @throws {IsolateStartError} when a new one does not start.
   */
  async take(): Promise<CallIsolate> {
    const ready = this.#warm.shift() ?? this.#takeWarming();
    this.#options.metrics.poolSize(this.#warm.length);
    this.#refillAfter(REFILL_AFTER_MS);
    return ready ?? await this.#start("a caller waits");
  }

  /** How long the last of so many callers would wait for an isolate, if none has taken one yet. */
  waitMs(callers: number): number {
    const toStart = Math.max(0, callers - this.#warm.length - this.#warming.size);
    return Math.ceil(toStart / PARALLEL_STARTS) * this.#startMs;
  }

  /** The engine is back: every isolate gets a port to the new one. */
  engineUp(): void {
    for (const isolate of this.#all) this.#equip(isolate);
  }

  /** The engine is gone. */
  engineLost(reason: string): void {
    for (const isolate of this.#all) isolate.post({ kind: "engine_lost", reason });
  }

  /** Ends the recordings of all calls; the calls go on. */
  stopRecordings(): void {
    for (const isolate of this.#all) isolate.post({ kind: "stop_recording" });
  }

  /** Whether models may not be asked any more today; isolates that start later learn it, too. */
  modelsSpent(spent: boolean): void {
    this.#modelsSpent = spent;
    for (const isolate of this.#all) isolate.post({ kind: "models_spent", spent });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#refill);
    const all = [...this.#all];
    for (const isolate of all) isolate.kill();
    await Promise.all(all.map(({ exited }) => exited));
  }

  #takeWarming(): PooledIsolate | undefined {
    for (const isolate of this.#warming) {
      this.#warming.delete(isolate);
      return isolate;
    }
    return undefined;
  }

  async #start(urgency: "a caller waits" | "in advance"): Promise<PooledIsolate> {
    const { settings, module } = this.#options;
    const start = this.#options.startIsolate ?? Isolate.start<ToCall, FromCall>;
    const callerWaits = urgency === "a caller waits";
    using _turn = await this.#semaphore.acquire(callerWaits);
    const name = `call-${++this.#started}`;
    if (this.#closed) throw new IsolateStartError(name, "shutdown", "the service is ending");
    const data: CallIsolateData = {
      logLevel: settings.LOG_LEVEL,
      settings: this.#callSettings,
      prompts: await this.prompts(),
      callerWaits,
    };
    const began = performance.now();
    const handle = await start({
      name,
      module,
      data,
      heapMb: settings.CALL_HEAP_MB,
      initTimeoutMs: INIT_TIMEOUT_MS,
      isMessage: isFromCall,
    });
    this.#startMs = 0.7 * this.#startMs + 0.3 * (performance.now() - began);
    const isolate = new PooledIsolate(
      handle,
      (message, from) => this.#onMessage(message, from),
    );
    if (this.#closed) isolate.kill();
    this.#all.add(isolate);
    void isolate.exited.then(() => this.#all.delete(isolate));
    for (const event of this.#broken.values()) isolate.post({ kind: "service_health", event });
    if (this.#modelsSpent) isolate.post({ kind: "models_spent", spent: true });
    this.#equip(isolate);
    return isolate;
  }

  #onMessage(message: PoolMessage, from: PooledIsolate): void {
    switch (message.kind) {
      case "speech":
        return this.#speechHappened(message.event, from);
      case "token":
        return void this.#answerToken(message, from);
      case "line_stats":
        return this.#options.metrics.lineCounted(message.transport, message.stats);
    }
  }

  /** Counts what an isolate met at a speech service, and shares with the others what it learned. */
  #speechHappened(event: SpeechEvent, by: PooledIsolate): void {
    this.#options.metrics.speechHappened(event);
    this.#episodes.happened(event);
    if (event.kind !== "breaker" || event.state === "half_open") return;
    const which = `${event.task} ${event.service}`;
    if (event.state === "open") this.#broken.set(which, event);
    else this.#broken.delete(which);
    for (const isolate of this.#all) {
      if (isolate !== by) isolate.post({ kind: "service_health", event });
    }
  }

  async #answerToken(
    { seq, question }: Extract<ToPool, { kind: "token" }>,
    by: PooledIsolate,
  ): Promise<void> {
    const answer = await this.#options.tokens.answer(question);
    if (answer.what === "failed") {
      this.#episodes.explained(ServiceFailure.from(answer.failure).message);
    }
    by.post({ kind: "token_answer", seq, answer });
  }

  #equip(isolate: PooledIsolate): void {
    const port = this.#options.engine.attach();
    if (port) isolate.post({ kind: "engine", port }, [port]);
  }

  async #warmUp(): Promise<void> {
    this.#starting++;
    try {
      const isolate = await this.#start("in advance");
      this.#warming.add(isolate);
      void isolate.exited.then((reason) => {
        const spare = this.#warming.delete(isolate) || this.#warm.includes(isolate);
        if (!spare || this.#closed) return;
        this.#warm = this.#warm.filter((other) => other !== isolate);
        log.warn("a warm isolate died", { isolate: isolate.name, reason, detail: isolate.detail });
        this.#refillAfter(REFILL_PAUSE_MS);
      });
      // With its prompts not rendered in time it is of use all the same: a cold greeting beats none.
      await atMost(WARM_TIMEOUT_MS, Promise.race([isolate.warm, isolate.exited]));
      if (!this.#warming.delete(isolate)) return;
      this.#warm.push(isolate);
      this.#options.metrics.poolSize(this.#warm.length);
    } catch (error) {
      if (this.#closed) return;
      log.error("no warm isolate could be started", { error });
      this.#refillAfter(REFILL_PAUSE_MS);
    } finally {
      this.#starting--;
    }
  }

  #refillAfter(ms: number): void {
    if (this.#closed) return;
    clearTimeout(this.#refill);
    this.#refill = setTimeout(() => void this.fill(), ms);
  }
}
