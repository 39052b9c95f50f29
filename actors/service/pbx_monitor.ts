// What follows when the PBX comes and goes, and what it is asked from time to time while it is
// there.

import { logger } from "../../config/logging.ts";
import type { AriGate } from "./ari_gate.ts";
import type { Switchboard } from "./switchboard/switchboard.ts";
import type { MediaRoute } from "./media/media_route.ts";
import type { ServiceMetrics } from "./metrics.ts";

const log = logger("service");

/** Who is concerned by the PBX. */
export interface PbxMonitorOptions {
  readonly gate: Pick<AriGate, "opened" | "closed" | "run">;
  readonly route: Pick<MediaRoute, "choose" | "problem">;
  readonly switchboard: Pick<Switchboard, "reconcile">;
  readonly metrics: Pick<ServiceMetrics, "ariConnected">;
  readonly intervalSeconds: number;
}

/** Follows the connection to the PBX until it is disposed. */
export class PbxMonitor implements Disposable {
  readonly #options: PbxMonitorOptions;
  #up = false;
  #timer?: ReturnType<typeof setInterval>;

  constructor(options: PbxMonitorOptions) {
    this.#options = options;
  }

  /** Asks the PBX every `intervalSeconds` from now on, as long as it is up. */
  start(): void {
    this.#timer = setInterval(() => this.#ask(), this.#options.intervalSeconds * 1000);
  }

  /** The connection is up. */
  onUp(): void {
    this.#up = true;
    this.#options.metrics.ariConnected(true);
    this.#options.gate.opened();
    this.#chooseRoute();
    this.#reconcile();
  }

  /** The connection is lost. */
  onDown(): void {
    this.#up = false;
    this.#options.metrics.ariConnected(false);
    this.#options.gate.closed();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #ask(): void {
    if (!this.#up) return;
    // A module may have been loaded, or a folder opened, since.
    if (this.#options.route.problem !== undefined) this.#chooseRoute();
    this.#reconcile();
  }

  #chooseRoute(): void {
    const { gate, route, intervalSeconds } = this.#options;
    gate.run((commands) => route.choose(commands)).catch((error) =>
      log.error("could not ask the PBX how audio can travel; it is asked again", {
        error,
        afterSeconds: intervalSeconds,
      })
    );
  }

  #reconcile(): void {
    const { gate, switchboard, intervalSeconds } = this.#options;
    gate.run((commands) => switchboard.reconcile(commands)).catch((error) =>
      log.error("could not reconcile the calls with the PBX; it is tried again", {
        error,
        afterSeconds: intervalSeconds,
      })
    );
  }
}
