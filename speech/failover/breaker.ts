// A circuit breaker: leaves a service that keeps failing alone for a while, then probes it with one
// request, and uses it again once that succeeds.

/** When a breaker opens, and for how long. */
export interface BreakerPolicy {
  /** Failures in a row that open it. A single lasting failure (a bad key) opens it too. */
  readonly failures: number;
  /** How long it stays open the first time, in milliseconds. Each failed probe doubles that. */
  readonly openMs: number;
  readonly longestOpenMs: number;
}

export const BREAKER_POLICY = {
  failures: 3,
  openMs: 10_000,
  longestOpenMs: 120_000,
} as const satisfies BreakerPolicy;

/** What a breaker lets through. */
export type BreakerState = "closed" | "open" | "half_open";

/** The breaker of one service. */
export class CircuitBreaker {
  readonly #policy: BreakerPolicy;
  readonly #now: () => number;
  readonly #onChange: (state: BreakerState, untilMs: number) => void;
  #state: BreakerState = "closed";
  #failuresInARow = 0;
  #openMs: number;
  #untilMs = 0;
  #probing = false;

  /** `now` is a clock in epoch milliseconds. */
  constructor(
    policy: BreakerPolicy = BREAKER_POLICY,
    now: () => number = Date.now,
    onChange: (state: BreakerState, untilMs: number) => void = () => {},
  ) {
    this.#policy = policy;
    this.#now = now;
    this.#onChange = onChange;
    this.#openMs = policy.openMs;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /**
   * Whether a request may be sent now. After true, the caller must call exactly one of `succeeded`,
   * `failed` and `gaveUp`: a half-open breaker lets one request through at a time.
   */
  allow(): boolean {
    if (this.#state === "closed") return true;
    if (this.#state === "open") {
      if (this.#now() < this.#untilMs) return false;
      this.#become("half_open");
    }
    if (this.#probing) return false;
    this.#probing = true;
    return true;
  }

  succeeded(): void {
    this.#failuresInARow = 0;
    this.#openMs = this.#policy.openMs;
    this.#probing = false;
    if (this.#state !== "closed") this.#become("closed");
  }

  /** `lasting`: see `FailureFacts`. */
  failed(lasting = false): void {
    this.#failuresInARow++;
    const failedProbe = this.#state === "half_open" && this.#probing;
    this.#probing = false;
    if (this.#state === "open") return;
    if (failedProbe) this.#openMs = Math.min(this.#openMs * 2, this.#policy.longestOpenMs);
    else if (!lasting && this.#failuresInARow < this.#policy.failures) return;
    this.#untilMs = this.#now() + this.#openMs;
    this.#become("open");
  }

  /** We cancelled the request: it says nothing about the service. */
  gaveUp(): void {
    this.#probing = false;
  }

  /** Applies what another isolate's breaker for the same service learned. */
  adopt(state: BreakerState, untilMs: number): void {
    if (state === "open" && untilMs > this.#now() && this.#state === "closed") {
      this.#state = "open";
      this.#untilMs = untilMs;
    } else if (state === "closed" && this.#state === "open") {
      this.#state = "closed";
      this.#failuresInARow = 0;
      this.#openMs = this.#policy.openMs;
    }
  }

  #become(state: BreakerState): void {
    this.#state = state;
    this.#onChange(state, this.#untilMs);
  }
}
