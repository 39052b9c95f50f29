// The speech engine as the service sees it: one isolate, and ports to it.

import { MessageChannel, type MessagePort } from "node:worker_threads";
import { logger } from "../../../config/logging.ts";
import type { Settings } from "../../../config/settings.ts";
import { withholdSecrets } from "../../../config/withheld.ts";
import type { EngineStats } from "../../../speech/engine/stats.ts";
import type { EngineIsolateData, FromEngine, ToEngine } from "../../messages.ts";
import type { ExitReason, FaultKind } from "../../otp/control.ts";
import { Isolate, type IsolateHandle, type IsolateOptions } from "../../otp/isolate.ts";
import type { ChildSpec } from "../../otp/supervisor.ts";
import type { ServiceMetrics } from "../metrics.ts";
import { isFromEngine } from "./border/from_engine.ts";

const log = logger("engine");

/** The models load in about a second; a cold disk takes longer. */
const INIT_TIMEOUT_MS = 60_000;
const SHUTDOWN_MS = 2000;
/**
 * Far above what it uses (the models are not in the JavaScript heap). Without a limit a runaway
 * heap takes the machine's memory, and ten seconds of its time, before it is noticed.
 */
const HEAP_MB = 512;

/** What the engine's host works with, and whom it informs. */
export interface EngineHostOptions {
  readonly settings: Settings;
  /** The engine isolate's entry point. */
  readonly module: URL;
  readonly metrics: Pick<ServiceMetrics, "engineRestarted" | "engineMeasured">;
  /** What the engine measured last; undefined once it is gone. */
  onMeasured?(stats: EngineStats | undefined): void;
  /** A new engine is up. */
  onUp(): void;
  /** The engine has ended. */
  onLost(reason: ExitReason): void;
  /** `Isolate.start`, unless a test brings isolates of its own. */
  readonly startIsolate?: (options: IsolateOptions) => Promise<EngineIsolate>;
}

/** The engine's isolate. */
export type EngineIsolate = IsolateHandle<ToEngine, FromEngine>;

/** The one speech engine: which isolate it is now, if there is any. */
export class EngineHost {
  readonly #options: EngineHostOptions;
  #isolate?: EngineIsolate;

  constructor(options: EngineHostOptions) {
    this.#options = options;
  }

  /** How a supervisor starts it. */
  get spec(): ChildSpec {
    return {
      id: "speech engine",
      restart: "permanent",
      shutdown: SHUTDOWN_MS,
      start: () => this.#start(),
    };
  }

  /** A port to the engine for one call isolate, or undefined while there is no engine. */
  attach(): MessagePort | undefined {
    if (!this.#isolate) return undefined;
    const { port1, port2 } = new MessageChannel();
    this.#isolate.post({ kind: "attach", port: port2 }, [port2]);
    return port1;
  }

  /** Breaks it on purpose: see `IsolateHandle.injectFault`; undefined also while there is none. */
  async injectFault(kind: FaultKind): Promise<number | undefined> {
    return await this.#isolate?.injectFault(kind);
  }

  async #start(): Promise<EngineIsolate> {
    const { settings, module, onUp } = this.#options;
    const start = this.#options.startIsolate ?? Isolate.start<ToEngine, FromEngine>;
    const startedAt = performance.now();
    const data: EngineIsolateData = {
      logLevel: settings.LOG_LEVEL,
      logFormat: settings.LOG_FORMAT,
      settings: withholdSecrets(settings, []),
    };
    const isolate = await start({
      name: "engine",
      module,
      data,
      heapMb: HEAP_MB,
      initTimeoutMs: INIT_TIMEOUT_MS,
      isMessage: isFromEngine,
    });
    this.#isolate = isolate;
    isolate.listen(({ stats }) => this.#measured(stats));
    void isolate.exited.then((reason) => this.#lost(isolate, reason));
    log.info("speech engine ready", { ms: performance.now() - startedAt });
    onUp();
    return isolate;
  }

  #measured(stats: EngineStats | undefined): void {
    this.#options.metrics.engineMeasured(stats);
    this.#options.onMeasured?.(stats);
  }

  #lost({ detail }: EngineIsolate, reason: ExitReason): void {
    const { metrics, onLost } = this.#options;
    this.#isolate = undefined;
    this.#measured(undefined);
    onLost(reason);
    if (reason === "shutdown") return;
    log.error("speech engine ended", { reason, detail });
    metrics.engineRestarted(reason);
  }
}
