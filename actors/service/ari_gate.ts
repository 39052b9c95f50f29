// Commands to a PBX that may be away for a moment: they wait until it is back, up to a deadline.

import { type AriCommands, type AriConnection, AriError } from "../../asterisk/ari/mod.ts";
import { logger } from "../../config/logging.ts";
import { abortable, pause, within } from "../../runtime/waiting.ts";
import type { ServiceMetrics } from "./metrics.ts";

const log = logger("ari");

/** How long a command waits for a lost PBX to come back. */
const WAIT_FOR_PBX_MS = 30_000;

/** How often a command is tried that the PBX itself fails at (5xx). */
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

/** The way to the PBX. The connection's owner opens and closes it as the connection comes and goes. */
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
   * Runs a command once the PBX is there, and tries it again when the PBX itself fails at it: the
   * command must be idempotent.
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
        await pause(RETRY_PAUSE_MS, signal);
        signal?.throwIfAborted();
      }
    }
  }

  /** As `run`, but tries only once. */
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

  async #wait(signal?: AbortSignal): Promise<void> {
    const back = signal ? abortable(this.#up.promise, signal) : this.#up.promise;
    const reason = `not back within ${WAIT_FOR_PBX_MS} ms`;
    await within(
      back,
      WAIT_FOR_PBX_MS,
      () => new AriError("unreachable", "waiting for the PBX", 0, reason),
    );
  }
}

/** The PBX failed rather than refused: its answer says nothing about the command. */
function failedItself({ status, kind }: AriError): boolean {
  return status >= 500 && kind === "unexpected";
}
