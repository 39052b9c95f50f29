// The pool of call isolates: a few warm ones, ready to take a call, more of them in a wave of calls,
// and the busy ones. Each holds a port to the speech engine, and gets a new one when that was replaced.

import { logger } from "../../../config/logging.ts";
import { type Prompts, type PromptsFile, promptsOfCall } from "../../../config/prompts.ts";
import type { Settings } from "../../../config/settings.ts";
import { atMost } from "../../../runtime/waiting.ts";
import type { SpeechEvent } from "../../../speech/events.ts";
import { Episodes } from "../../../speech/failover/episodes.ts";
import { ServiceFailure } from "../../../speech/failure.ts";
import type { BreakerEvent, FromCall, ToCall, ToPool } from "../../messages.ts";
import type { IsolateHandle, IsolateOptions } from "../../otp/isolate.ts";
import type { ServiceMetrics } from "../metrics.ts";
import type { EngineHost } from "./engine_host.ts";
import { IsolateStarter } from "./isolate_starter.ts";
import { PoolAim } from "./pool_aim.ts";
import { type CallIsolate, PooledIsolate, type PoolMessage } from "./pooled_isolate.ts";
import type { TokenBroker } from "./token_broker.ts";

const log = logger("pool");

/** Rendering the prompts takes a fraction of a second; without an engine it never happens. */
const WARM_TIMEOUT_MS = 5000;
/** Starting a worker blocks this thread for some 30 ms (measured): the call that took one is set up first. */
const REFILL_AFTER_MS = 200;
/** After a failed start or a death: its cause is hardly gone the moment after. */
const REFILL_PAUSE_MS = 1000;
/** After a wave, isolates that are no longer wanted are ended this often. */
const REVIEW_MS = 15_000;
/** Until one has been refilled here: an isolate's start takes under a second. */
const FIRST_REFILL_MS = REFILL_AFTER_MS + 1000;

/** What the pool works with. */
export interface CallIsolatesOptions {
  readonly settings: Settings;
  /** A call isolate's entry point. */
  readonly module: URL;
  readonly promptsFile: Pick<PromptsFile, "current">;
  readonly engine: Pick<EngineHost, "attach">;
  readonly metrics: Pick<ServiceMetrics, "poolSize" | "poolAim" | "speechHappened" | "lineCounted">;
  readonly tokens: Pick<TokenBroker, "answer">;
  /** `Isolate.start`, unless a test brings isolates of its own. */
  readonly startIsolate?: (options: IsolateOptions) => Promise<IsolateHandle<ToCall, FromCall>>;
  /** Milliseconds of a clock that never runs backwards; `performance.now` unless given. */
  readonly now?: () => number;
}

/** Starts call isolates, keeps some warm, and equips them all. */
export class CallIsolates implements AsyncDisposable {
  readonly #options: CallIsolatesOptions;
  readonly #starter: IsolateStarter;
  readonly #episodes = new Episodes();
  readonly #all = new Set<PooledIsolate>();
  readonly #aim: PoolAim;
  readonly #now: () => number;
  /** Speech services left alone after failures, for isolates that start meanwhile. */
  readonly #broken = new Map<string, BreakerEvent>();
  #warm: PooledIsolate[] = [];
  /** Started, and rendering the prompts: good enough for a caller who waits. */
  readonly #warming = new Set<PooledIsolate>();
  #starting = 0;
  /** How long it takes at present until an isolate that was taken has a warm successor, smoothed. */
  #refillMs = FIRST_REFILL_MS;
  /** Models may not be asked any more today. */
  #modelsSpent = false;
  /** Calls leave out what is optional. */
  #pressed = false;
  #closed = false;
  #refill?: { readonly at: number; readonly timer: ReturnType<typeof setTimeout> };
  #review?: ReturnType<typeof setTimeout>;

  constructor(options: CallIsolatesOptions) {
    this.#options = options;
    const { CALL_POOL_SIZE: least, CALL_POOL_MAX: most } = options.settings;
    this.#aim = new PoolAim({ least, most });
    this.#now = options.now ?? (() => performance.now());
    this.#starter = new IsolateStarter({
      settings: options.settings,
      module: options.module,
      startIsolate: options.startIsolate,
      now: this.#now,
      prompts: () => this.prompts(),
    });
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
    const missing = this.#wanted() - this.#warm.length - this.#starting;
    await Promise.all(Array.from({ length: Math.max(0, missing) }, () => this.#warmUp()));
  }

  /**
   * A warm isolate, or a new one where none is warm. The pool is refilled in the background.
   *
   * @throws {IsolateStartError} when a new one does not start.
   */
  async take(): Promise<CallIsolate> {
    this.#aim.arrived(this.#now(), this.#refillMs);
    const ready = this.#warm.shift() ?? this.#takeWarming();
    this.#options.metrics.poolSize(this.#warm.length);
    this.#refillAfter(REFILL_AFTER_MS);
    return ready ?? this.#added(await this.#starter.startNow());
  }

  /** How long the last of so many callers would wait for an isolate, if none has taken one yet. */
  waitMs(callers: number): number {
    return this.#starter.waitMs(Math.max(0, callers - this.#warm.length - this.#warming.size));
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

  /** Whether calls are to leave out what is optional; isolates that start later learn it, too. */
  pressure(high: boolean): void {
    this.#pressed = high;
    for (const isolate of this.#all) isolate.post({ kind: "pressure", high });
  }

  /** Whether models may not be asked any more today; isolates that start later learn it, too. */
  modelsSpent(spent: boolean): void {
    this.#modelsSpent = spent;
    for (const isolate of this.#all) isolate.post({ kind: "models_spent", spent });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#starter.close();
    clearTimeout(this.#refill?.timer);
    clearTimeout(this.#review);
    const all = [...this.#all];
    for (const isolate of all) isolate.kill();
    await Promise.all(all.map(({ exited }) => exited));
  }

  /** Isolates that are being started in advance. */
  get starting(): number {
    return this.#starting;
  }

  /** Isolates that have a call. */
  get #busy(): number {
    return this.#all.size - this.#warm.length - this.#warming.size;
  }

  /** How many isolates should be warm now. While that is more than the least, it is looked at again. */
  #wanted(): number {
    const { CALL_POOL_SIZE: least, MAX_CALLS } = this.#options.settings;
    const wanted = this.#aim.at(this.#now(), MAX_CALLS - this.#busy);
    this.#options.metrics.poolAim(wanted);
    if (this.#review === undefined && (wanted > least || this.#warm.length > wanted)) {
      this.#review = setTimeout(() => this.#shrink(), REVIEW_MS);
    }
    return wanted;
  }

  /** Ends the warm isolates that the wave has left behind. */
  #shrink(): void {
    this.#review = undefined;
    const surplus = this.#warm.splice(this.#wanted());
    for (const isolate of surplus) isolate.kill();
    if (surplus.length > 0) this.#options.metrics.poolSize(this.#warm.length);
  }

  #takeWarming(): PooledIsolate | undefined {
    for (const isolate of this.#warming) {
      this.#warming.delete(isolate);
      return isolate;
    }
    return undefined;
  }

  /** An isolate that has started is told what the others know. */
  #added(handle: IsolateHandle<ToCall, FromCall>): PooledIsolate {
    const isolate = new PooledIsolate(
      handle,
      (message, from) => this.#onMessage(message, from),
    );
    if (this.#closed) isolate.kill();
    this.#all.add(isolate);
    void isolate.exited.then(() => this.#all.delete(isolate));
    for (const event of this.#broken.values()) isolate.post({ kind: "service_health", event });
    if (this.#modelsSpent) isolate.post({ kind: "models_spent", spent: true });
    if (this.#pressed) isolate.post({ kind: "pressure", high: true });
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
    const began = this.#now();
    try {
      const isolate = this.#added(
        await this.#starter.startInAdvance(() => this.#busy > 0),
      );
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
      const took = REFILL_AFTER_MS + this.#now() - began;
      this.#refillMs = 0.7 * this.#refillMs + 0.3 * took;
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

  /** Refills then, or when it was to be done anyway: calls that keep coming do not put it off. */
  #refillAfter(ms: number): void {
    if (this.#closed) return;
    const at = this.#now() + ms;
    if (this.#refill && this.#refill.at <= at) return;
    clearTimeout(this.#refill?.timer);
    const timer = setTimeout(() => {
      this.#refill = undefined;
      void this.fill();
    }, ms);
    this.#refill = { at, timer };
  }
}
