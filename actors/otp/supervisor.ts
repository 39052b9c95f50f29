// A supervisor by the book of Erlang/OTP (stdlib `supervisor`, "Supervisor Behaviour" in OTP
// Design Principles): strategy one_for_one. It knows nothing of calls or isolates: a child is
// anything that can be started, asked to stop, killed, and that says why it ended.

import type { ExitReason } from "./control.ts";

/**
 * When an ended child is started again.
 * - `permanent`: always.
 * - `transient`: only if it ended abnormally, that is, with a reason other than `normal` or `shutdown`.
 * - `temporary`: never; it is forgotten when it ends.
 */
export type RestartType = "permanent" | "transient" | "temporary";

/** How long a child may take to stop once asked: milliseconds, at once, or as long as it likes. */
export type Shutdown = number | "brutal_kill" | "infinity";

/** A running child. */
export interface Child {
  /** Settles, always with a reason and never with a rejection, when the child is no more. */
  readonly exited: Promise<ExitReason>;
  /** Asks it to stop by itself. */
  shutdown(): void;
  /** Ends it at once. */
  kill(): void;
}

/** Why a child is being started: a resumed child may want to know what ended the one before. */
export interface StartContext {
  /** Undefined for the first start, else why the predecessor ended. */
  readonly previousExit?: ExitReason;
}

/** How a supervisor starts and treats one child. */
export interface ChildSpec {
  /** Names the child among its siblings. */
  readonly id: string;
  /** Starts it; resolves when it has finished initialising. A rejection counts as a failed start. */
  start(context: StartContext): Promise<Child>;
  readonly restart: RestartType;
  readonly shutdown: Shutdown;
}

/** How many restarts are too many: more than `intensity` within `periodMs` end the supervisor. */
export interface SupervisorOptions {
  /** OTP's default is 1. */
  readonly intensity?: number;
  /** OTP's default is 5 s. */
  readonly periodMs?: number;
  /** Told of every child that ended, before it is restarted or not. */
  onExit?(id: string, reason: ExitReason): void;
  /** Told of a start that failed; it counts as a restart, as in OTP's `try_again_restart`. */
  onStartFailed?(id: string, error: unknown): void;
  /** Milliseconds that only grow; tests bring their own. */
  now?(): number;
}

/** A child's state, as `whichChildren` tells it. */
export interface ChildState {
  readonly id: string;
  readonly state: "running" | "restarting" | "stopped";
  readonly restart: RestartType;
}

/** Why `startChild`, `restartChild` or `deleteChild` refused; the words are OTP's. */
export class SupervisorError extends Error {
  override readonly name = "SupervisorError";

  constructor(
    readonly code:
      | "already_present"
      | "already_started"
      | "not_found"
      | "running"
      | "restarting"
      | "shutdown",
    id: string,
  ) {
    super(`child "${id}": ${code}`);
  }
}

interface Slot {
  readonly spec: ChildSpec;
  state: ChildState["state"];
  child?: Child;
}

/** A one_for_one supervisor. It is itself a `Child`, so supervisors form trees. */
export class Supervisor implements Child {
  readonly #slots = new Map<string, Slot>();
  readonly #restarts: number[] = [];
  readonly #exited = Promise.withResolvers<ExitReason>();
  readonly #options: SupervisorOptions;
  readonly #intensity: number;
  readonly #periodMs: number;
  readonly #now: () => number;
  #stopping?: Promise<void>;

  constructor(options: SupervisorOptions = {}) {
    this.#options = options;
    this.#intensity = options.intensity ?? 1;
    this.#periodMs = options.periodMs ?? 5000;
    this.#now = options.now ?? (() => performance.now());
  }

  /** `shutdown` once stopped, whether asked to or because the restart intensity was exceeded. */
  get exited(): Promise<ExitReason> {
    return this.#exited.promise;
  }

  /**
   * Starts the children in order, each after the one before has finished its start.
   *
   * @throws the first start's error, after the children already started were stopped in reverse order.
   */
  async start(specs: readonly ChildSpec[]): Promise<void> {
    for (const spec of specs) {
      try {
        await this.startChild(spec);
      } catch (error) {
        await this.stop();
        throw error;
      }
    }
  }

  /**
   * Adds and starts a child.
   *
   * @throws {SupervisorError} when the id is taken; or the start's own error, and the specification is discarded.
   */
  async startChild(spec: ChildSpec): Promise<void> {
    if (this.#stopping) throw new SupervisorError("shutdown", spec.id);
    const present = this.#slots.get(spec.id);
    if (present) {
      throw new SupervisorError(
        present.state === "stopped" ? "already_present" : "already_started",
        spec.id,
      );
    }
    const slot: Slot = { spec, state: "restarting" };
    this.#slots.set(spec.id, slot);
    try {
      await this.#launch(slot, {});
    } catch (error) {
      this.#slots.delete(spec.id);
      throw error;
    }
  }

  /**
   * Stops a child; its specification is kept (for `restartChild`), a temporary child's is deleted.
   *
   * @throws {SupervisorError} `not_found`.
   */
  async terminateChild(id: string): Promise<void> {
    const slot = this.#slot(id);
    await this.#terminate(slot);
    if (slot.spec.restart === "temporary") this.#slots.delete(id);
  }

  /**
   * Starts a stopped child again.
   *
   * @throws {SupervisorError} `not_found`, `running`, `restarting`; or the start's own error.
   */
  async restartChild(id: string): Promise<void> {
    const slot = this.#slot(id);
    if (slot.state !== "stopped") throw new SupervisorError(slot.state, id);
    slot.state = "restarting";
    try {
      await this.#launch(slot, {});
    } catch (error) {
      slot.state = "stopped";
      throw error;
    }
  }

  /**
   * Forgets a stopped child.
   *
   * @throws {SupervisorError} `not_found`, `running`, `restarting`.
   */
  deleteChild(id: string): void {
    const slot = this.#slot(id);
    if (slot.state !== "stopped") throw new SupervisorError(slot.state, id);
    this.#slots.delete(id);
  }

  /** All children, in the order they were added. */
  whichChildren(): ChildState[] {
    return [...this.#slots.values()].map(({ spec, state }) => ({
      id: spec.id,
      state,
      restart: spec.restart,
    }));
  }

  /** Stops all children in reverse start order, each by its own deadline, then ends. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  shutdown(): void {
    void this.stop();
  }

  /** Kills every child without waiting for any. */
  kill(): void {
    for (const slot of this.#slots.values()) slot.child?.kill();
    void this.stop();
  }

  async #stopAll(): Promise<void> {
    for (const slot of [...this.#slots.values()].reverse()) await this.#terminate(slot);
    this.#exited.resolve("shutdown");
  }

  #slot(id: string): Slot {
    const slot = this.#slots.get(id);
    if (!slot) throw new SupervisorError("not_found", id);
    return slot;
  }

  async #launch(slot: Slot, context: StartContext): Promise<void> {
    const child = await slot.spec.start(context);
    if (slot.state === "stopped" || this.#stopping) {
      await stopChild(child, slot.spec.shutdown);
      return;
    }
    slot.child = child;
    slot.state = "running";
    void child.exited.then((reason) => this.#ended(slot, child, reason));
  }

  async #terminate(slot: Slot): Promise<void> {
    const child = slot.child;
    slot.state = "stopped";
    slot.child = undefined;
    if (child) await stopChild(child, slot.spec.shutdown);
  }

  #ended(slot: Slot, child: Child, reason: ExitReason): void {
    if (slot.child !== child) return;
    slot.child = undefined;
    this.#options.onExit?.(slot.spec.id, reason);
    const abnormal = reason !== "normal" && reason !== "shutdown";
    if (slot.spec.restart === "permanent" || (slot.spec.restart === "transient" && abnormal)) {
      void this.#restart(slot, reason);
      return;
    }
    slot.state = "stopped";
    if (slot.spec.restart === "temporary") this.#slots.delete(slot.spec.id);
  }

  /** Starts the child again, and again if that fails, until it runs or the intensity is exceeded. */
  async #restart(slot: Slot, previousExit: ExitReason): Promise<void> {
    slot.state = "restarting";
    while (!this.#stopping && slot.state === "restarting") {
      if (this.#exceeded()) {
        // By the book the child that could not be kept alive is gone, and so the rest must go.
        void this.stop();
        return;
      }
      try {
        await this.#launch(slot, { previousExit });
        return;
      } catch (error) {
        this.#options.onStartFailed?.(slot.spec.id, error);
      }
    }
  }

  #exceeded(): boolean {
    const now = this.#now();
    this.#restarts.push(now);
    while (this.#restarts[0]! < now - this.#periodMs) this.#restarts.shift();
    return this.#restarts.length > this.#intensity;
  }
}

async function stopChild(child: Child, shutdown: Shutdown): Promise<void> {
  if (shutdown === "brutal_kill") child.kill();
  else child.shutdown();
  if (typeof shutdown !== "number") {
    await child.exited;
    return;
  }
  const deadline = setTimeout(() => child.kill(), shutdown);
  await child.exited;
  clearTimeout(deadline);
}
