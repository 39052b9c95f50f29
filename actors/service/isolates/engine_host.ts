// The speech engine as the service sees it: a supervised isolate, and ports to it.

import { MessageChannel, type MessagePort } from "node:worker_threads";
import { logger } from "../../../config/logging.ts";
import type { Settings } from "../../../config/settings.ts";
import { withholdSecrets } from "../../../config/withheld.ts";
import type { ExitReason, FaultKind } from "../../otp/control.ts";
import { Isolate } from "../../otp/isolate.ts";
import type { EngineIsolateData, ToEngine } from "../../messages.ts";
import type { ChildSpec } from "../../otp/supervisor.ts";

const log = logger("engine");

/** Models load in about a second; a cold disk takes longer. */
const INIT_TIMEOUT_MS = 60_000;
const SHUTDOWN_MS = 2000;
/**
 * Far above what it uses (the models are not in the JavaScript heap). Without a limit a runaway
 * heap takes the machine's memory, and ten seconds of its time, before it is noticed.
 */
const HEAP_MB = 512;

/** Told when the engine comes and goes. */
export interface EngineListener {
  onUp(): void;
  onLost(reason: ExitReason): void;
}

/** The one speech engine. */
export class EngineHost {
  readonly #settings: Settings;
  readonly #module: URL;
  readonly #listener: EngineListener;
  #isolate?: Isolate<ToEngine, never>;

  /** @param module the engine isolate's entry point. */
  constructor(settings: Settings, module: URL, listener: EngineListener) {
    this.#settings = settings;
    this.#module = module;
    this.#listener = listener;
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

  /** Breaks it on purpose: see `Isolate.injectFault`; undefined also when there is none. */
  async injectFault(kind: FaultKind): Promise<number | undefined> {
    return await this.#isolate?.injectFault(kind);
  }

  async #start(): Promise<Isolate<ToEngine, never>> {
    const startedAt = performance.now();
    const data: EngineIsolateData = {
      logLevel: this.#settings.LOG_LEVEL,
      settings: withholdSecrets(this.#settings, []),
    };
    const isolate = await Isolate.start<ToEngine, never>({
      name: "engine",
      module: this.#module,
      data,
      heapMb: HEAP_MB,
      initTimeoutMs: INIT_TIMEOUT_MS,
    });
    this.#isolate = isolate;
    void isolate.exited.then((reason) => {
      this.#isolate = undefined;
      if (reason !== "shutdown") {
        log.error("speech engine ended", { reason, detail: isolate.detail });
      }
      this.#listener.onLost(reason);
    });
    log.info("speech engine ready", { ms: performance.now() - startedAt });
    this.#listener.onUp();
    return isolate;
  }
}
