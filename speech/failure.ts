// How a speech service fails: what happened, whether trying again helps, and what to do about it.

/** The services by the names that logs, metrics and the phrase cache use. */
export type ServiceName = "yandex" | "yandex-rest" | "openai" | "local";

/** What is known of a failure besides its message. */
export interface FailureFacts {
  /** gRPC status name, `HTTP 500`, or one of our own: `SILENT`, `STALLED`, `EMPTY`, `ENDED`, `CLOSED`, `FAILED`. */
  readonly code: string;
  /** One more try at the same service, at once, may well succeed. */
  readonly again: boolean;
  /** Every request will fail until an operator acts: a bad key, a wrong folder. */
  readonly lasting: boolean;
  /** What the operator can do. */
  readonly cure: string;
}

/** A failure as plain data, for its way to another isolate. */
export interface FailureReport extends FailureFacts {
  readonly service: ServiceName;
  readonly tried: string;
}

/** A request to a speech service failed. The message names the service, the code and the cure. */
export class ServiceFailure extends Error {
  override readonly name = "ServiceFailure";
  readonly code: string;
  readonly again: boolean;
  readonly lasting: boolean;
  readonly cure: string;

  constructor(
    readonly service: ServiceName,
    readonly tried: string,
    facts: FailureFacts,
    options?: ErrorOptions,
  ) {
    super(`${tried}: ${facts.code}; ${facts.cure}`, options);
    ({ code: this.code, again: this.again, lasting: this.lasting, cure: this.cure } = facts);
  }

  /** The failure that a report tells of. */
  static from({ service, tried, ...facts }: FailureReport): ServiceFailure {
    return new ServiceFailure(service, tried, facts);
  }

  get report(): FailureReport {
    const { service, tried, code, again, lasting, cure } = this;
    return { service, tried, code, again, lasting, cure };
  }
}

/** The failure inside an `AsrError` or `TtsError`, however deep; anything else becomes one. */
export function failureOf(error: unknown, service: ServiceName): ServiceFailure {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    if (inner instanceof ServiceFailure) return inner;
  }
  return new ServiceFailure(service, error instanceof Error ? error.message : String(error), {
    code: "FAILED",
    again: false,
    lasting: false,
    cure: "see the log lines before this one",
  }, { cause: error });
}

/**
 * A service's own words, fit for a log: anything that looks like a key or token is masked, and
 * so are overlong texts. Request ids (UUIDs) stay.
 */
export function withoutSecrets(text: string): string {
  return text.replace(/[\w.=/+-]{20,}/g, (word) => isUuid(word) || isWords(word) ? word : "***")
    .slice(0, 300);
}

function isUuid(word: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(word);
}

/** Host names, paths and constants: lower- or upper-case words in dots, slashes, dashes. */
function isWords(word: string): boolean {
  return /^(?:[a-z]+|[A-Z]+)(?:[./_-](?:[a-z]+|[A-Z]+|\d{1,5}))*\.?$/.test(word);
}
