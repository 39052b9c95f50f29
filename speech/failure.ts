// How a speech service fails: what happened, whether a retry helps, and what to do about it.

import { messageOf } from "../runtime/error_text.ts";

/** The services, by the names that logs, metrics and the phrase cache use. */
export type ServiceName = "yandex" | "yandex-rest" | "openai" | "local";

/** What is known about a failure besides its message; what is left out is false. */
export interface FailureFacts {
  /** gRPC status name, `HTTP 500`, or one of our own: `SILENT`, `STALLED`, `EMPTY`, `ENDED`, `CLOSED`, `FAILED`. */
  readonly code: string;
  /** One immediate retry at the same service may well succeed. */
  readonly retryable?: boolean;
  /** Every request will fail until an operator acts: for example, a bad key or a wrong folder. */
  readonly lasting?: boolean;
  /** What the operator can do. */
  readonly cure: string;
}

/** A failure as plain data, to be sent to another isolate. */
export interface FailureReport extends FailureFacts {
  readonly service: ServiceName;
  readonly tried: string;
}

/** A request to a speech service failed. The message names the service, the code and the cure. */
export class ServiceFailure extends Error {
  override readonly name = "ServiceFailure";
  readonly code: string;
  readonly retryable: boolean;
  readonly lasting: boolean;
  readonly cure: string;

  constructor(
    readonly service: ServiceName,
    readonly tried: string,
    facts: FailureFacts,
    options?: ErrorOptions,
  ) {
    super(`${tried}: ${facts.code}; ${facts.cure}`, options);
    this.code = facts.code;
    this.retryable = facts.retryable ?? false;
    this.lasting = facts.lasting ?? false;
    this.cure = facts.cure;
  }

  /** Restores a failure from its report. */
  static from({ service, tried, ...facts }: FailureReport): ServiceFailure {
    return new ServiceFailure(service, tried, facts);
  }

  get report(): FailureReport {
    const { service, tried, code, retryable, lasting, cure } = this;
    return { service, tried, code, retryable, lasting, cure };
  }
}

/** The failure inside an `AsrError` or `TtsError`, however deep. Any other error becomes one. */
export function failureOf(error: unknown, service: ServiceName): ServiceFailure {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    if (inner instanceof ServiceFailure) return inner;
  }
  return new ServiceFailure(service, messageOf(error), {
    code: "FAILED",
    cure: "see the log lines before this one",
  }, { cause: error });
}

/**
 * A service's own words, fit for a log: whatever looks like a key or token is masked, and long
 * texts are cut. Request ids (UUIDs) stay.
 */
export function withoutSecrets(text: string): string {
  return text.replace(/[\w.=/+-]{20,}/g, (word) => isUuid(word) || isWords(word) ? word : "***")
    .slice(0, 300);
}

function isUuid(word: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(word);
}

/** Host names, paths and constants: lower- or upper-case words joined by dots, slashes or dashes. */
function isWords(word: string): boolean {
  return /^(?:[a-z]+|[A-Z]+)(?:[./_-](?:[a-z]+|[A-Z]+|\d{1,5}))*\.?$/.test(word);
}
