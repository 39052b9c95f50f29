// Commands to a PBX that may be away for a moment: they wait for it, up to a deadline.

import { type AriCommands, type AriConnection, AriError } from "../../asterisk/ari/mod.ts";
import { logger } from "../../config/logging.ts";
import type { ServiceMetrics } from "./metrics.ts";

const log = logger("ari");

/** How long a command waits for a lost PBX to come back, in milliseconds. */
export const WAIT_FOR_PBX_MS = 30_000;

/** A command that the PBX itself fails at (5xx) is tried so often. */
const TRIES = 3;
const RETRY_PAUSE_MS = 100;

/** A gate for those who need only some of the commands. */
export interface Gate<Commands> {
  /** See `AriGate.run`. */
  readonly run: <T>(
    command: (commands: Commands) => Promise<T>,
    signal?: AbortSignal,
  ) => Promise<T>;
  /** See `AriGate.runOnce`. */
  readonly runOnce: Gate<Commands>["run"];
}

/** The way to the PBX. Told when the connection comes and goes. */
export class AriGate implements Gate<AriCommands> {
  readonly #connection: Pick<AriConnection, "commands" | "up">;
  readonly #metrics: Pick<ServiceMetrics, "ariCommandFailed">;
  #up = Promise.withResolvers<void>();

  constructor(
    connection: Pick<AriConnection, "commands" | "up">,
    metrics: Pick<ServiceMetrics, "ariCommandFailed">,
  ) {
    this.#connection = connection;
    this.#metrics = metrics;
  }

  /** Commands pass from now on. */
  opened(): void {
    this.#up.resolve();
  }

  /** Commands wait from now on. */
  closed(): void {
    this.#up.resolve();
    this.#up = Promise.withResolvers();
  }

  /**
   * Runs a command once the PBX is there; one that the PBX itself fails at is tried again, so it
   * must be one that doubles nothing.
   *
   * @throws {AriError} the command's, or `unreachable` when the PBX does not come back in time.
   * @throws the signal's reason when it aborts.
   */
  async run<T>(command: (commands: AriCommands) => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (let tries = 1;; tries++) {
      try {
        return await this.runOnce(command, signal);
      } catch (error) {
        if (!(error instanceof AriError) || !failedItself(error) || tries >= TRIES) throw error;
        log.warn("the PBX failed at a command, trying again", { error });
        await this.#pause(signal);
      }
    }
  }

  /** As `run`, but never tried again. */
  async runOnce<T>(
    command: (commands: AriCommands) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    if (!this.#connection.up) await this.#wait(signal);
    try {
      return await command(this.#connection.commands);
    } catch (error) {
      if (error instanceof AriError && !error.gone) this.#metrics.ariCommandFailed(error.status);
      throw error;
    }
  }

  async #pause(signal?: AbortSignal): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
    signal?.throwIfAborted();
  }

  async #wait(signal?: AbortSignal): Promise<void> {
    const { promise, reject } = Promise.withResolvers<never>();
    const onAbort = () => reject(signal!.reason);
    const timer = setTimeout(
      () =>
        reject(
          new AriError(
            "unreachable",
            "waiting for the PBX",
            0,
            `not back within ${WAIT_FOR_PBX_MS} ms`,
          ),
        ),
      WAIT_FOR_PBX_MS,
    );
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      signal?.throwIfAborted();
      await Promise.race([this.#up.promise, promise]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }
}

/** The PBX failed, rather than refused: what it answered has no meaning of its own. */
function failedItself({ status, kind }: AriError): boolean {
  return status >= 500 && kind === "unexpected";
}
