// The service's connection to a PBX: it comes up when the PBX does, and again after every loss.

import { pause } from "../../runtime/waiting.ts";
import { logger } from "../../config/logging.ts";
import { AriCommands } from "./commands.ts";
import { AriError, type AriErrorKind } from "./error.ts";
import { readEvents } from "./event_socket.ts";
import type { AriEvent } from "./events.ts";
import type { AriAddress } from "./http.ts";

const log = logger("ari");

/**
 * What a connection tells its owner. Handlers run inside the reader of all events, so they return
 * at once (Asterisk drops a reader that stalls for 100 ms); an error in one is logged, no more.
 */
export interface AriListener {
  /**
   * An event, in order. `ApplicationReplaced` says that another client has taken the application
   * over: this connection stays as it is until it is lost, and is then not made again.
   */
  onEvent(event: AriEvent): void;
  /** Commands work and events arrive from now on. Nothing is replayed: reconcile. */
  onUp(): void;
  /** No events until the next `onUp`. Channels and their media live on. */
  onDown(reason: string): void;
}

/** Periods of a connection, in ms. */
export interface AriTiming {
  /** First wait before trying again; doubles up to `maxBackoffMs`. */
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  /** Between pings; twice this without a sign of life is a loss. */
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
  /** The failure last said aloud: each kind is said once, until the connection is up again. */
  #said: AriErrorKind | undefined;

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

  /** Events arrive at this moment. */
  get up(): boolean {
    return this.#up;
  }

  /** Another client has taken the application over, and it is not taken back. */
  get replaced(): boolean {
    return this.#replaced;
  }

  /**
   * Commands to the PBX. They may be tried while the connection is down.
   *
   * @throws {AriError} before the connection was up for the first time.
   */
  get commands(): AriCommands {
    if (this.#commands) return this.#commands;
    throw new AriError("unreachable", "commands", 0, "not connected yet");
  }

  /**
   * Connects, and from then on reconnects, for ever: until `signal` aborts, the connection is
   * disposed, or another client has taken the application over. Called once.
   *
   * @returns when the connection is up for the first time.
   * @throws the signal's reason when it aborts before that.
   */
  async connect(signal?: AbortSignal): Promise<void> {
    if (this.#running) throw new Error("connect() is called once for a connection");
    this.#stop.signal.throwIfAborted();
    this.#stop.signal.addEventListener("abort", () => {
      this.#firstUp.reject(this.#stop.signal.reason);
    }, { once: true });
    signal?.addEventListener("abort", () => this.#stop.abort(signal.reason), {
      signal: this.#stop.signal,
    });
    if (signal?.aborted) this.#stop.abort(signal.reason);
    this.#running = this.#run();
    await this.#firstUp.promise;
  }

  /** Closes the events socket and the connections for commands. Channels on the PBX stay as they are. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new DOMException("the ARI connection was closed", "AbortError"));
    await this.#running;
    this.#commands?.[Symbol.dispose]();
  }

  async #run(): Promise<void> {
    let backoffMs = this.#timing.minBackoffMs;
    while (!this.#stop.signal.aborted) {
      const lost = await this.#session();
      if (this.#replaced) return;
      backoffMs = lost ? this.#timing.minBackoffMs : backoffMs;
      await pause(backoffMs, this.#stop.signal);
      backoffMs = Math.min(2 * backoffMs, this.#timing.maxBackoffMs);
    }
  }

  /** Comes up and stays so until the loss; false when it did not come up. */
  async #session(): Promise<boolean> {
    const { pingMs } = this.#timing;
    const { signal } = this.#stop;
    try {
      this.#commands ??= await AriCommands.open(this.#address, signal);
      const reason = await readEvents(this.#address, this.#app, {
        onOpen: () => this.#cameUp(),
        onEvent: (event) => this.#onEvent(event),
      }, { pingMs, signal });
      this.#wentDown(reason);
      return true;
    } catch (error) {
      this.#sayOnce(error);
      return false;
    }
  }

  #cameUp(): void {
    this.#up = true;
    this.#said = undefined;
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
    const wanted = this.#stop.signal.aborted;
    if (this.#replaced) {
      // Connecting would take the application from whoever has it now, calls and all.
      if (!wanted) log.warn("connection lost, and not made again: the application is another's");
    } else if (!wanted) log.warn("connection lost, connecting again", { reason });
    this.#tell(() => this.#listener.onDown(wanted ? "closed" : reason));
  }

  #sayOnce(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    const kind = error instanceof AriError ? error.kind : "unexpected";
    const facts = { url: this.#address.url, error };
    if (kind === this.#said) return log.debug("still not connected", facts);
    this.#said = kind;
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
