// Keeps the speech engine alive, as a tree of two supervisors: the lower one replaces an engine that
// dies, and gives up when that happens over and over. The upper one then begins anew after a rest,
// since calls can do without the engine where other services hear and speak for them.

import { logger } from "../../../config/logging.ts";
import type { Settings } from "../../../config/settings.ts";
import { pause } from "../../../runtime/waiting.ts";
import { type ChildSpec, type StartContext, Supervisor } from "../../otp/supervisor.ts";

const log = logger("engine");

/** How often the engine may be replaced within a minute before it is given a rest. */
const INTENSITY = 10;
const PERIOD_MS = 60_000;
/** How long an engine is left alone that cannot be kept alive. */
const REST_MS = 30_000;

/** What is kept alive, and who is told when it cannot be. */
export interface EngineKeeperOptions {
  /** The engine. */
  readonly spec: ChildSpec;
  /** Called with true when a rest begins, and with false when the engine is up after one. */
  onRest(resting: boolean): void;
}

/** Keeps the speech engine alive from `start` until it is disposed. */
export class EngineKeeper implements AsyncDisposable {
  readonly #options: EngineKeeperOptions;
  readonly #stopped = new AbortController();
  /** The rests alone bound how often it restarts its child, the engine's supervisor. */
  readonly #upper = new Supervisor({ intensity: Infinity, onExit: () => this.#rest() });
  #resting = false;

  constructor(options: EngineKeeperOptions) {
    this.#options = options;
  }

  /** Starts the engine. Resolves when it is up or its first start has failed; never rejects. */
  async start(): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    await this.#upper.startChild({
      id: "engine supervisor",
      restart: "permanent",
      shutdown: "infinity",
      start: (context) => this.#begin(context),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    await this.#upper.stop();
  }

  async #begin({ previousExit }: StartContext): Promise<Supervisor> {
    if (previousExit !== undefined) await pause(REST_MS, this.#stopped.signal);
    this.#stopped.signal.throwIfAborted();
    const lower = new Supervisor({
      intensity: INTENSITY,
      periodMs: PERIOD_MS,
      onStartFailed: (_, error) => log.error("speech engine did not start", { error }),
    });
    try {
      await lower.start([this.#options.spec]);
      this.#rested();
    } catch (error) {
      // A supervisor whose child does not start has ended: the upper one rests, and begins anew.
      log.error("speech engine did not start; calls continue without it", { error });
    }
    return lower;
  }

  #rest(): void {
    log.error("speech engine is left alone for a while", { ms: REST_MS });
    this.#resting = true;
    this.#options.onRest(true);
  }

  #rested(): void {
    if (!this.#resting) return;
    this.#resting = false;
    this.#options.onRest(false);
  }
}

/** Whether nobody hears the caller, or nobody speaks to them, while there is no engine. */
export function needsEngine(
  { ASR_PROVIDER, TTS_PROVIDER }: Pick<Settings, "ASR_PROVIDER" | "TTS_PROVIDER">,
): boolean {
  return [ASR_PROVIDER, TTS_PROVIDER].some((services) =>
    services.every((service) => service === "local")
  );
}
