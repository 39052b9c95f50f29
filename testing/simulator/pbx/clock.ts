// The PBX's own 20 ms clock. One timer drives every leg of every call, so that 100 calls cost one
// wake-up each 5 ms, and legs are spread over the frame as they are on a real PBX.

import { FRAME_MS } from "../../../media/frame.ts";

const PHASES = 4;
const PHASE_MS = FRAME_MS / PHASES;
/** A timer that fires this little too early is near enough; waiting again would cost a wake-up. */
const EARLY_MS = 0.5;

/**
 * Calls each subscriber once every 20 ms on a monotonic grid that never drifts. A tick that the
 * process was too busy for is skipped, never made up for by a burst: a real PBX's timer does the
 * same. Holds no timer while nobody is subscribed.
 */
export class PbxClock {
  readonly #phases = Array.from({ length: PHASES }, () => new Set<() => void>());
  #timer: ReturnType<typeof setTimeout> | undefined;
  #nextPhase = 0;
  #due = 0;
  #joined = 0;
  #skipped = 0;

  /** How many ticks were skipped because the process was busy: above 0, its timings are not the PBX's. */
  get skippedTicks(): number {
    return this.#skipped;
  }

  /** Starts calling `tick` every 20 ms, until disposed. */
  subscribe(tick: () => void): Disposable {
    const phase = this.#phases[this.#joined++ % PHASES]!;
    phase.add(tick);
    if (this.#timer === undefined) {
      this.#due = performance.now() + PHASE_MS;
      this.#arm();
    }
    return {
      [Symbol.dispose]: () => {
        phase.delete(tick);
        if (this.#phases.every(({ size }) => size === 0)) {
          clearTimeout(this.#timer);
          this.#timer = undefined;
        }
      },
    };
  }

  #arm(): void {
    this.#timer = setTimeout(() => this.#wake(), Math.max(0, this.#due - performance.now()));
  }

  #wake(): void {
    const late = performance.now() - this.#due;
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
