// The service's connection to a PBX: it comes up with the PBX, and again after every loss.

import { abortable, pause } from "../../runtime/waiting.ts";
import { logger } from "../../config/logging.ts";
import { AriCommands } from "./commands.ts";
import { AriError, type AriErrorKind } from "./error.ts";
import type { DroppedBecause } from "./event_intake.ts";
import { readEvents } from "./event_socket.ts";
import type { AriEvent } from "./events.ts";
import type { AriAddress } from "./http.ts";

const log = logger("ari");

/**
 * What a connection reports. Handlers run inside the reader of all events, so they must return
 * within milliseconds (Asterisk drops a reader that stalls for 100 ms). Their errors are logged.
 */
export interface AriListener {
  /**
   * An event, in order. `ApplicationReplaced` says that another client has taken the application
   * over: this connection stays up until it is lost, and is then not made again.
   */
  onEvent(event: AriEvent): void;
  /** A message of the PBX was of no use, or its handler failed. */
  onDropped?(why: DroppedBecause): void;
  /** Commands work and events arrive from now on. Missed events are not replayed: reconcile. */
  onUp(): void;
  /** No events arrive until the next `onUp`. Channels and their media stay alive. */
  onDown(reason: string): void;
}

/** Periods of a connection, in ms. */
export interface AriTiming {
  /** First wait before another try; doubles up to `maxBackoffMs`. */
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  /** Between pings. Twice this without a sign of life is a loss. */
  readonly pingMs: number;
}

const TIMING: AriTiming = { minBackoffMs: 1000, maxBackoffMs: 30_000, pingMs: 5000 };

/** A connection to one PBX for one Stasis application. */
export class AriConnection implements AsyncDisposable {
  readonly #address: AriAddress;
  readonly #app: string;
  readonly #listener: AriListener;
  readonly #timing: AriTiming;
  readonly #stop = new AbortController();
  readonly #firstUp = Promise.withResolvers<void>();
  #commands: AriCommands | undefined;
  #up = false;
  #replaced = false;
  #running: Promise<void> | undefined;
  /** Aborts when the owner ends the connection, by disposal or by the signal given to `connect`. */
  #ended = this.#stop.signal;
  /** The failure warned of last: each kind is warned of once, until the connection is up again. */
  #warnedOf: AriErrorKind | undefined;

  constructor(
    address: AriAddress,
    app: string,
    listener: AriListener,
    timing: Partial<AriTiming> = {},
  ) {
    this.#address = address;
    this.#app = app;
    this.#listener = listener;
    this.#timing = { ...TIMING, ...timing };
  }

  /** Whether events arrive at this moment. */
  get up(): boolean {
    return this.#up;
  }

  /**
   * Commands to the PBX. They can be tried while the connection is down, too.
   *
   * @throws {AriError} before the connection was up for the first time.
   */
  get commands(): AriCommands {
    if (this.#commands) return this.#commands;
    throw new AriError("unreachable", "commands", 0, "not connected yet");
  }

  /**
   * Connects, and reconnects after every loss until `signal` aborts, the connection is disposed, or
   * another client has taken the application over. Called once.
   *
   * @returns when the connection is up for the first time.
   * @throws the signal's reason when it aborts before that.
   */
  async connect(signal?: AbortSignal): Promise<void> {
    if (this.#running) throw new Error("connect() is called once for a connection");
    if (signal) this.#ended = AbortSignal.any([signal, this.#stop.signal]);
    this.#ended.throwIfAborted();
    this.#running = this.#run();
    await abortable(this.#firstUp.promise, this.#ended);
  }

  /**
   * Closes the events socket and the connections for commands. Channels on the PBX stay as they
   * are.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new DOMException("the ARI connection was closed", "AbortError"));
    await this.#running;
    this.#commands?.[Symbol.dispose]();
  }

  async #run(): Promise<void> {
    let backoffMs = this.#timing.minBackoffMs;
    while (!this.#ended.aborted) {
      const lost = await this.#session();
      if (this.#replaced) return;
      backoffMs = lost ? this.#timing.minBackoffMs : backoffMs;
      await pause(backoffMs, this.#ended);
      backoffMs = Math.min(2 * backoffMs, this.#timing.maxBackoffMs);
    }
  }

  /** One connection, from its start to its loss; false when it did not come up. */
  async #session(): Promise<boolean> {
    const { pingMs } = this.#timing;
    const signal = this.#ended;
    try {
      this.#commands ??= await AriCommands.open(this.#address, signal);
      const reason = await readEvents(this.#address, this.#app, {
        onOpen: () => this.#cameUp(),
        onEvent: (event) => this.#onEvent(event),
        onDropped: (why) => this.#listener.onDropped?.(why),
      }, { pingMs, signal });
      this.#wentDown(reason);
      return true;
    } catch (error) {
      this.#warnOnce(error);
      return false;
    }
  }

  #cameUp(): void {
    this.#up = true;
    this.#warnedOf = undefined;
    log.info("connected", { url: this.#address.url, app: this.#app });
    this.#tell(() => this.#listener.onUp());
    this.#firstUp.resolve();
  }

  #onEvent(event: AriEvent): void {
    if (event.type === "ApplicationReplaced") this.#replaced = true;
    this.#listener.onEvent(event);
  }

  #wentDown(reason: string): void {
    this.#up = false;
    const wanted = this.#ended.aborted;
    if (this.#replaced) {
      // Reconnecting would take the application, and its calls, from the client that has it now.
      if (!wanted) {
        log.warn("connection lost, and not made again: another client has the application");
      }
    } else if (!wanted) log.warn("connection lost, connecting again", { reason });
    this.#tell(() => this.#listener.onDown(wanted ? "closed" : reason));
  }

  #warnOnce(error: unknown): void {
    if (this.#ended.aborted) return;
    const kind = error instanceof AriError ? error.kind : "unexpected";
    const facts = { url: this.#address.url, error };
    if (kind === this.#warnedOf) return log.debug("still not connected", facts);
    this.#warnedOf = kind;
    log.warn("not connected, trying again until it works", facts);
  }

  #tell(report: () => void): void {
    try {
      report();
    } catch (error) {
      log.error("listener failed", { error });
    }
  }
}
