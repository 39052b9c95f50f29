// How a test service misbehaves, and for which requests.

/** One way to fail a request. */
export type Fault =
  /** Answers with an error. `code`: a gRPC status name; REST servers answer its HTTP twin. */
  | { readonly kind: "refuse"; readonly code: RefusalCode; readonly details?: string }
  /** The first answer comes this much later. */
  | { readonly kind: "slow"; readonly ms: number }
  /** Accepts, and stops answering after so many messages; 0 never answers at all. */
  | { readonly kind: "stall"; readonly after: number }
  /** Breaks the stream off after so many messages. */
  | { readonly kind: "cut"; readonly after: number }
  /** Ends in order with nothing in it. */
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

/** The faults a server has been told to show. */
export class Faults {
  #next: Fault[] = [];
  #always: Fault | undefined;

  /** The next request that is not yet spoken for fails so. */
  next(...faults: readonly Fault[]): void {
    this.#next.push(...faults);
  }

  /** Every request fails so, until told otherwise. */
  always(fault: Fault | undefined): void {
    this.#always = fault;
  }

  /** Taken by the server, once a request. */
  take(): Fault | undefined {
    return this.#next.shift() ?? this.#always;
  }
}
