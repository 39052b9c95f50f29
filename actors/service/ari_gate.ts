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

/**
 * A PBX with too many connections closes further ones without an answer (http.conf `sessionlimit`) or
 * answers 503; that passes as soon as others have been served. Tried again after some 0.1, 0.2… s: 6
 * s in all at the most, each time at random, so that commands of one flood do not come back as one.
 */
const TRIES_WHEN_FULL = 7;

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
  readonly #random: () => number;
  #up = Promise.withResolvers<void>();

  /** @param random gives numbers from 0 to 1. */
  constructor(
    connection: Pick<AriConnection, "commands" | "up">,
    metrics: Pick<ServiceMetrics, "ariCommandFailed">,
    random: () => number = Math.random,
  ) {
    this.#connection = connection;
    this.#metrics = metrics;
    this.#random = random;
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
   * Runs a command once the PBX is there, and tries it again when the PBX itself fails at it or has no
   * room for it: the command must be idempotent, or name its object by an id of ours.
   *
   * @throws {AriError} the command's, or `unreachable` when the PBX does not come back in time.
   * @throws the signal's reason when it aborts.
   */
  async run<T>(command: (commands: AriCommands) => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (let tries = 1;; tries++) {
      await this.#back(signal);
      try {
        return await this.#attempt(command);
      } catch (error) {
        const pauseMs = error instanceof AriError ? this.#pauseAfter(error, tries) : undefined;
        if (pauseMs === undefined) throw error;
        log.warn("the PBX failed at a command, trying again", { error });
        await pause(pauseMs, signal);
        signal?.throwIfAborted();
      }
    }
  }

  /** As `run`, but tries only once. */
  async runOnce<T>(
    command: (commands: AriCommands) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    await this.#back(signal);
    return await this.#attempt(command);
  }

  async #attempt<T>(command: (commands: AriCommands) => Promise<T>): Promise<T> {
    try {
      return await command(this.#connection.commands);
    } catch (error) {
      if (error instanceof AriError && !error.gone) this.#metrics.ariCommandFailed(error.status);
      throw error;
    }
  }

  /** Before the next try; undefined when the failure is final. */
  #pauseAfter(error: AriError, tries: number): number | undefined {
    if (isFull(error)) {
      const longest = RETRY_PAUSE_MS * 2 ** (tries - 1);
      return tries < TRIES_WHEN_FULL ? (longest * (1 + this.#random())) / 2 : undefined;
    }
    return failedItself(error) && tries < TRIES ? RETRY_PAUSE_MS : undefined;
  }

  async #back(signal?: AbortSignal): Promise<void> {
    if (this.#connection.up) return;
    const back = signal ? abortable(this.#up.promise, signal) : this.#up.promise;
    const reason = `not back within ${WAIT_FOR_PBX_MS} ms`;
    await within(
      back,
      WAIT_FOR_PBX_MS,
      () => new AriError("unreachable", "waiting for the PBX", 0, reason),
    );
  }
}

/** The PBX, or our queue for it, has no room at the moment. */
function isFull({ status, kind }: AriError): boolean {
  return kind === "crowded" || kind === "unreachable" || status === 503;
}

/** The PBX failed rather than refused: its answer says nothing about the command. */
function failedItself({ status, kind }: AriError): boolean {
  return status >= 500 && kind === "unexpected";
}
