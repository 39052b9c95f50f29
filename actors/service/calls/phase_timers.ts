// The timers of one call's deadlines. They live with the service, where an isolate that hangs cannot
// stop them.

import { guarded } from "../../../runtime/unexpected.ts";
import type { Phase } from "../../call_record.ts";
import type { DeadlineAction, Policies } from "../policies.ts";

/** Arms a call's deadlines as the call reports its phases. */
export class PhaseTimers implements Disposable {
  readonly #policies: Policies;
  readonly #onDeadline: (phase: Phase, action: DeadlineAction) => void;
  readonly #now: () => number;
  #phase?: Phase;
  #timers: ReturnType<typeof setTimeout>[] = [];
  #callTimer?: ReturnType<typeof setTimeout>;
  #quietSince: number;
  #nudged = false;
  #callerSpeaking = false;

  /** @param elapsedMs how long the call has lasted already: an adopted one began earlier. */
  constructor(
    policies: Policies,
    onDeadline: (phase: Phase, action: DeadlineAction) => void,
    { elapsedMs = 0, now = () => performance.now() }: { elapsedMs?: number; now?: () => number } =
      {},
  ) {
    this.#policies = policies;
    this.#onDeadline = (phase, action) => guarded("timer", () => onDeadline(phase, action));
    this.#now = now;
    this.#quietSince = now();
    const { afterMs, then } = policies.call;
    this.#callTimer = setTimeout(
      () => this.#onDeadline(this.#phase ?? "answering", then),
      Math.max(0, afterMs - elapsedMs),
    );
  }

  /** The call entered a phase. */
  enter(phase: Phase): void {
    // A nudge is the bot's own doing: silence still counts from the caller's last sound.
    if (phase === "thinking" || phase === "greeting") this.#callerHeard();
    this.#phase = phase;
    this.#arm();
  }

  /** A phrase of the bot was heard to its end. */
  progress(): void {
    if (!this.#nudged) this.#quietSince = this.#now();
    if (this.#policy()?.countedFrom === "the last phrase heard") this.#arm();
  }

  /** The caller began or stopped speaking. While they speak, no deadline for silence passes. */
  callerSpeaking(speaking: boolean): void {
    this.#callerSpeaking = speaking;
    this.#callerHeard();
    if (this.#phase === "listening") this.#arm();
  }

  /** The caller was asked whether they are still there. */
  nudged(): void {
    this.#nudged = true;
  }

  /** Disarms all deadlines. */
  [Symbol.dispose](): void {
    this.#disarm();
    clearTimeout(this.#callTimer);
  }

  #callerHeard(): void {
    this.#quietSince = this.#now();
    this.#nudged = false;
  }

  #policy() {
    return this.#phase && this.#policies.phases[this.#phase];
  }

  #arm(): void {
    this.#disarm();
    const phase = this.#phase;
    const policy = this.#policy();
    if (!phase || !policy) return;
    const silent = policy.countedFrom === "the last sound of the caller";
    if (silent && this.#callerSpeaking) return;
    const passedMs = silent ? this.#now() - this.#quietSince : 0;
    for (const { afterMs, then } of policy.deadlines) {
      if (then === "nudge" && this.#nudged) continue;
      const timer = setTimeout(
        () => this.#onDeadline(phase, then),
        Math.max(0, afterMs - passedMs),
      );
      this.#timers.push(timer);
    }
  }

  #disarm(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }
}
