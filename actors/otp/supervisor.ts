// A supervisor as in Erlang/OTP (stdlib `supervisor`, "Supervisor Behaviour" in OTP Design
// Principles), strategy one_for_one. It knows nothing of calls or isolates: a child is anything that
// can be started, asked to stop and killed, and that says why it ended.

import { guarded } from "../../runtime/unexpected.ts";
import type { ExitReason } from "./control.ts";

/**
 * When an ended child is started again.
 * - `permanent`: always.
 * - `transient`: only if it ended abnormally, that is, with a reason other than `normal` or `shutdown`.
 * - `temporary`: never; it is forgotten when it ends.
 */
export type RestartType = "permanent" | "transient" | "temporary";

/** How long a child may take to stop once asked: milliseconds, no time at all, or as long as it likes. */
export type Shutdown = number | "brutal_kill" | "infinity";

/** A running child. */
export interface Child {
  /** Resolves with the reason once the child has ended; never rejects. */
  readonly exited: Promise<ExitReason>;
  /** Asks it to stop by itself. */
  shutdown(): void;
  /** Ends it immediately. */
  kill(): void;
}

/** Why a child is being started: a child that resumes work may need to know how its predecessor ended. */
export interface StartContext {
  /** Why the predecessor ended; undefined at the first start. */
  readonly previousExit?: ExitReason;
}

/** How a supervisor starts, restarts and stops one child. */
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
  /** OTP's default is 1; Infinity never gives up. */
  readonly intensity?: number;
  /** OTP's default is 5 s. */
  readonly periodMs?: number;
  /** Called with every child that ended by itself, before it is restarted or not. */
  onExit?(id: string, reason: ExitReason): void;
  /** Called when a restart failed; it is tried again and counts once more, as in OTP's `try_again_restart`. */
  onStartFailed?(id: string, error: unknown): void;
  /** A monotonic clock, in milliseconds; tests bring their own. */
  now?(): number;
}

/** Why `startChild` refused; the words are OTP's. */
export class SupervisorError extends Error {
  override readonly name = "SupervisorError";

  constructor(
    readonly code: "already_present" | "already_started" | "shutdown",
    id: string,
  ) {
    super(`child "${id}": ${code}`);
  }
}

interface Slot {
  readonly spec: ChildSpec;
  state: "running" | "restarting" | "stopped";
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

  /** `shutdown`, whether it was asked to stop or the restart intensity was exceeded. */
  get exited(): Promise<ExitReason> {
    return this.#exited.promise;
  }

  /**
   * Starts the children in order, each after the one before has finished its start.
   *
   * @throws the error of the first start that fails, after the children already started were stopped in
   * reverse order; the supervisor has then ended.
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
   * @throws {SupervisorError} when the id is taken, or the supervisor is stopping.
   * @throws the start's own error; the specification is then discarded.
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

  async #launch(slot: Slot, context: StartContext): Promise<void> {
    const child = await slot.spec.start(context);
    if (this.#stopping) {
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
    // An owner that throws when told must not keep the child from being replaced.
    guarded("supervisor", () => this.#options.onExit?.(slot.spec.id, reason));
    const abnormal = reason !== "normal" && reason !== "shutdown";
    if (slot.spec.restart === "permanent" || (slot.spec.restart === "transient" && abnormal)) {
      void this.#restart(slot, reason);
      return;
    }
    slot.state = "stopped";
    if (slot.spec.restart === "temporary") this.#slots.delete(slot.spec.id);
  }

  /** Starts the child again, as often as it takes, until it runs or the intensity is exceeded. */
  async #restart(slot: Slot, previousExit: ExitReason): Promise<void> {
    slot.state = "restarting";
    while (!this.#stopping) {
      if (this.#exceeded()) {
        // As in OTP: a child that cannot be kept alive takes its siblings and the supervisor with it.
        void this.stop();
        return;
      }
      try {
        await this.#launch(slot, { previousExit });
        return;
      } catch (error) {
        guarded("supervisor", () => this.#options.onStartFailed?.(slot.spec.id, error));
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
