// All call isolates: a few warm ones ready to take a call, and the busy ones. Each holds a port to
// the speech engine, and a new one when the engine was replaced.

import { logger } from "../../../config/logging.ts";
import type { Prompts, PromptsFile } from "../../../config/prompts.ts";
import type { Settings } from "../../../config/settings.ts";
import { withholdSecrets } from "../../../config/withheld.ts";
import type { EngineHost } from "./engine_host.ts";
import { Isolate, IsolateStartError } from "../../otp/isolate.ts";
import { Episodes } from "../../../speech/failover/episodes.ts";
import type { SpeechEvent } from "../../../speech/events.ts";
import { ServiceFailure } from "../../../speech/failure.ts";
import type { BreakerEvent, CallIsolateData, FromCall, ToCall } from "../../messages.ts";
import { Semaphore } from "../../../runtime/semaphore.ts";
import type { ServiceMetrics } from "../metrics.ts";
import type { TokenBroker } from "./token_broker.ts";

const log = logger("pool");

/** A call isolate starts in under a second, on a busy machine in a few. */
const INIT_TIMEOUT_MS = 15_000;
/** Rendering the prompts takes a fraction of a second; without an engine it does not happen. */
const WARM_TIMEOUT_MS = 5000;
/** Starting a worker holds this thread for some 30 ms (measured): the call that took one is set up first. */
const REFILL_AFTER_MS = 200;
/** After a failed warm-up: the cause is hardly gone at once. */
const REFILL_PAUSE_MS = 1000;
/** Isolates started at once: more of them only share the cores, and all are late together. */
const STARTS_AT_ONCE = navigator.hardwareConcurrency;

/** A call speaks to these services itself. It neither speaks to ARI nor gets IAM tokens. */
const CALL_SECRETS = ["OPENAI_API_KEY", "YANDEX_API_KEY"] as const;

/** An isolate that runs, or will run, a call: what its owner may do with it. */
export type CallIsolate = Pick<
  Isolate<ToCall, FromCall>,
  keyof Isolate<ToCall, FromCall>
>;

/** What the isolates are made of, and who is told of them. */
export interface CallIsolatesOptions {
  readonly settings: Settings;
  /** A call isolate's entry point. */
  readonly module: URL;
  readonly promptsFile: PromptsFile;
  readonly engine: Pick<EngineHost, "attach">;
  readonly metrics: ServiceMetrics;
  readonly tokens: Pick<TokenBroker, "answer">;
}

/** Starts, keeps warm and equips call isolates. */
export class CallIsolates implements AsyncDisposable {
  readonly #settings: Settings;
  readonly #module: URL;
  /** As the isolates get them. */
  readonly #callSettings: Settings;
  readonly #promptsFile: PromptsFile;
  readonly #engine: Pick<EngineHost, "attach">;
  readonly #metrics: ServiceMetrics;
  readonly #tokens: Pick<TokenBroker, "answer">;
  readonly #episodes = new Episodes();
  readonly #all = new Set<CallIsolate>();
  readonly #semaphore = new Semaphore(STARTS_AT_ONCE);
  /** Speech services that are being left alone, for isolates that start meanwhile. */
  readonly #broken = new Map<string, BreakerEvent>();
  #warm: CallIsolate[] = [];
  /** Started, and rendering the prompts: good enough for a caller who waits. */
  readonly #warming = new Set<CallIsolate>();
  #starting = 0;
  #started = 0;
  #closed = false;
  #pause?: ReturnType<typeof setTimeout>;

  constructor(
    { settings, module, promptsFile, engine, metrics, tokens }: CallIsolatesOptions,
  ) {
    this.#settings = settings;
    this.#module = module;
    this.#callSettings = withholdSecrets(settings, CALL_SECRETS);
    this.#promptsFile = promptsFile;
    this.#engine = engine;
    this.#metrics = metrics;
    this.#tokens = tokens;
  }

  /** The prompts of a call that begins now. Never throws. */
  prompts(): Promise<Prompts> {
    return this.#promptsFile.current();
  }

  /** Isolates alive, warm and busy. */
  get size(): number {
    return this.#all.size;
  }

  /** Starts the first warm isolates; resolves when they are ready. */
  async fill(): Promise<void> {
    const missing = this.#settings.CALL_POOL_SIZE - this.#warm.length - this.#starting;
    await Promise.all(Array.from({ length: Math.max(0, missing) }, () => this.#warmUp()));
  }

  /**
   * A warm isolate, or a new one where none is warm. The pool is refilled in the background.
   *
   * @throws {IsolateStartError} when a new one does not start.
   */
  async take(): Promise<CallIsolate> {
    const ready = this.#warm.shift() ?? this.#takeWarming();
    this.#metrics.poolSize(this.#warm.length);
    this.#refillSoon(REFILL_AFTER_MS);
    return ready ?? await this.#start("a caller waits");
  }

  /** The engine is back: everyone gets a port to the new one. */
  engineUp(): void {
    for (const isolate of this.#all) this.#equip(isolate);
  }

  /** The engine is gone. */
  engineLost(reason: string): void {
    for (const isolate of this.#all) isolate.post({ kind: "engine_lost", reason });
  }

  /** An isolate has used a speech service: it is counted, and what it learned is told to the others. */
  speechHappened(event: SpeechEvent, by: CallIsolate): void {
    this.#metrics.speechHappened(event);
    this.#episodes.happened(event);
    if (event.kind !== "breaker" || event.state === "half_open") return;
    const which = `${event.task} ${event.service}`;
    if (event.state === "open") this.#broken.set(which, event);
    else this.#broken.delete(which);
    for (const isolate of this.#all) {
      if (isolate !== by) isolate.post({ kind: "service_health", event });
    }
  }

  /** An isolate asks about IAM tokens. */
  async tokenAsked(
    { seq, question }: Extract<FromCall, { kind: "token" }>,
    by: CallIsolate,
  ): Promise<void> {
    const answer = await this.#tokens.answer(question);
    if (answer.what === "failed") {
      this.#episodes.explained(ServiceFailure.from(answer.failure).message);
    }
    by.post({ kind: "token_answer", seq, answer });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#pause);
    const all = [...this.#all];
    for (const isolate of all) isolate.kill();
    await Promise.all(all.map(({ exited }) => exited));
  }

  #takeWarming(): CallIsolate | undefined {
    for (const isolate of this.#warming) {
      this.#warming.delete(isolate);
      return isolate;
    }
    return undefined;
  }

  async #start(urgency: "a caller waits" | "in advance"): Promise<CallIsolate> {
    const callerWaits = urgency === "a caller waits";
    using _turn = await this.#semaphore.acquire(callerWaits);
    const name = `call-${++this.#started}`;
    if (this.#closed) throw new IsolateStartError(name, "shutdown", "the service ends");
    const data: CallIsolateData = {
      logLevel: this.#settings.LOG_LEVEL,
      settings: this.#callSettings,
      prompts: await this.prompts(),
      callerWaits,
    };
    const isolate: CallIsolate = await Isolate.start<ToCall, FromCall>({
      name,
      module: this.#module,
      data,
      heapMb: this.#settings.CALL_HEAP_MB,
      initTimeoutMs: INIT_TIMEOUT_MS,
    });
    if (this.#closed) isolate.kill();
    this.#all.add(isolate);
    void isolate.exited.then(() => this.#all.delete(isolate));
    this.#listenTo(isolate, () => {});
    for (const event of this.#broken.values()) isolate.post({ kind: "service_health", event });
    this.#equip(isolate);
    return isolate;
  }

  /** To an isolate that has no call yet. */
  #listenTo(isolate: CallIsolate, onWarm: () => void): void {
    isolate.listen((message) => {
      if (message.kind === "speech") this.speechHappened(message.event, isolate);
      else if (message.kind === "token") void this.tokenAsked(message, isolate);
      else if (message.kind === "warm") onWarm();
    });
  }

  #equip(isolate: CallIsolate): void {
    const port = this.#engine.attach();
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
        this.#refillSoon(REFILL_PAUSE_MS);
      });
      await Promise.race([this.#warmed(isolate), isolate.exited]);
      if (!this.#warming.delete(isolate)) return;
      this.#warm.push(isolate);
      this.#metrics.poolSize(this.#warm.length);
    } catch (error) {
      if (this.#closed) return;
      log.error("no warm isolate could be started", { error });
      this.#refillSoon(REFILL_PAUSE_MS);
    } finally {
      this.#starting--;
    }
  }

  /** Resolves when the prompts are rendered, or will not be for a while: a cold greeting beats none. */
  async #warmed(isolate: CallIsolate): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const late = setTimeout(resolve, WARM_TIMEOUT_MS);
    this.#listenTo(isolate, resolve);
    await promise;
    clearTimeout(late);
  }

  #refillSoon(afterMs: number): void {
    if (this.#closed) return;
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => void this.fill(), afterMs);
  }
}
