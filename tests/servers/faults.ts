// How a test service misbehaves, and on which requests.

/** One way to fail a request. */
export type Fault =
  /** Answers with an error. `code` is a gRPC status name; REST servers use its HTTP counterpart. */
  | { readonly kind: "refuse"; readonly code: RefusalCode; readonly details?: string }
  /** Delays the first answer. */
  | { readonly kind: "slow"; readonly ms: number }
  /** Accepts the request and stops answering after so many messages; 0 never answers. */
  | { readonly kind: "stall"; readonly after: number }
  /** Breaks the stream after so many messages. */
  | { readonly kind: "cut"; readonly after: number }
  /** Ends in order without content. */
  | { readonly kind: "empty" };

export type RefusalCode =
  | "UNAUTHENTICATED"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "INVALID_ARGUMENT"
  | "UNAVAILABLE"
  | "INTERNAL";

/** Source: SpeechKit documentation, "Response status codes". */
export const HTTP_STATUS = {
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  INVALID_ARGUMENT: 400,
  UNAVAILABLE: 503,
  INTERNAL: 500,
} as const satisfies Record<RefusalCode, number>;

/** The faults that a server was told to show. */
export class Faults {
  #next: Fault[] = [];
  #always: Fault | undefined;

  /** Makes the next unassigned request fail this way. */
  next(...faults: readonly Fault[]): void {
    this.#next.push(...faults);
  }

  /** Makes every request fail this way until changed. */
  always(fault: Fault | undefined): void {
    this.#always = fault;
  }

  /** The server takes one per request. */
  take(): Fault | undefined {
    return this.#next.shift() ?? this.#always;
  }
}
