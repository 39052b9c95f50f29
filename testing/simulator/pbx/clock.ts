// The PBX's own 20 ms clock. One timer drives every leg of every call: 100 calls cost one wake-up
// every 5 ms, and legs are spread over the frame as on a real PBX.

import { FRAME_MS } from "../../../media/frame.ts";
import { SYSTEM_TIME, type TimeSource } from "../../../media/playout/frame_clock.ts";

const PHASES = 4;
const PHASE_MS = FRAME_MS / PHASES;
/** A timer that fires this little early is on time: another wait would cost a wake-up. */
const EARLY_MS = 0.5;

/**
 * Calls each subscriber once every 20 ms on a monotonic grid that never drifts. A tick that the
 * process was too busy for is skipped rather than made up for by a burst, as on a real PBX. Holds
 * no timer while nobody is subscribed.
 */
export class PbxClock {
  readonly #time: TimeSource;
  readonly #phases = Array.from({ length: PHASES }, () => new Set<() => void>());
  #cancelTimer: (() => void) | undefined;
  #nextPhase = 0;
  #due = 0;
  #joined = 0;
  #skipped = 0;

  constructor(time: TimeSource = SYSTEM_TIME) {
    this.#time = time;
  }

  /** Ticks skipped because the process was busy: above 0, frame timings say nothing about a bot. */
  get skippedTicks(): number {
    return this.#skipped;
  }

  /** Calls `tick` every 20 ms until disposed. */
  subscribe(tick: () => void): Disposable {
    const phase = this.#phases[this.#joined++ % PHASES]!;
    phase.add(tick);
    if (!this.#cancelTimer) {
      this.#due = this.#time.now() + PHASE_MS;
      this.#arm();
    }
    return {
      [Symbol.dispose]: () => {
        phase.delete(tick);
        if (this.#phases.every(({ size }) => size === 0)) {
          this.#cancelTimer?.();
          this.#cancelTimer = undefined;
        }
      },
    };
  }

  #arm(): void {
    const waitMs = Math.max(0, this.#due - this.#time.now());
    this.#cancelTimer = this.#time.after(waitMs, () => this.#wake());
  }

  #wake(): void {
    const late = this.#time.now() - this.#due;
    if (late >= -EARLY_MS) {
      if (late >= FRAME_MS) this.#skip(late);
      const phase = this.#phases[this.#nextPhase]!;
      this.#nextPhase = (this.#nextPhase + 1) % PHASES;
      this.#due += PHASE_MS;
      for (const tick of phase) tick();
    }
    if (this.#phases.some(({ size }) => size > 0)) this.#arm();
  }

  /** Whole frames only, so that every phase keeps its place on the grid. */
  #skip(late: number): void {
    const frames = Math.floor(late / FRAME_MS);
    this.#skipped += frames;
    this.#due += frames * FRAME_MS;
  }
}
