// The services of one task in order of preference, and their health.

import type { AsrProvider } from "../asr.ts";
import type { TtsProvider } from "../tts.ts";
import { CircuitBreaker } from "./breaker.ts";
import type { ServiceTimeouts } from "../service_timeouts.ts";
import {
  errorEvent,
  type SpeechEvent,
  type SpeechEventHandler,
  type SpeechTask,
} from "../events.ts";
import type { ServiceFailure, ServiceName } from "../failure.ts";

/** A service that can do the task. */
export interface SpeechService<P> {
  readonly name: ServiceName;
  readonly provider: P;
  /** Undefined: the provider has timeouts of its own. */
  readonly timeouts?: ServiceTimeouts;
}

/** A service that recognises speech. */
export type AsrService = SpeechService<AsrProvider>;

/** A service that speaks. */
export interface TtsService extends SpeechService<TtsProvider> {
  /** What tells this voice from others in the phrase cache: its name, role, speed… */
  readonly cacheKey: string;
}

/** A service with its health. */
export interface WatchedService<P> extends SpeechService<P> {
  readonly breaker: CircuitBreaker;
}

/** The services of one task. All failures until a service works again are one episode. */
export class ServiceList<P> {
  readonly services: readonly WatchedService<P>[];
  readonly #task: SpeechTask;
  readonly #onEvent: SpeechEventHandler;
  /** Services that were passed over and have not worked since. */
  readonly #episodes = new Set<ServiceName>();

  constructor(
    task: SpeechTask,
    services: readonly SpeechService<P>[],
    onEvent: SpeechEventHandler,
  ) {
    this.#task = task;
    this.#onEvent = onEvent;
    this.services = services.map((service) => ({
      ...service,
      breaker: new CircuitBreaker(
        undefined,
        undefined,
        (state, untilMs) =>
          onEvent({ kind: "breaker", task, service: service.name, state, untilMs }),
      ),
    }));
  }

  /**
   * The services to try now, best first: those whose breaker lets a request through, or all of
   * them when none does, because trying costs the caller less than silence. The outcome at each
   * service taken must be reported.
   */
  *candidates(): Generator<WatchedService<P>, void, undefined> {
    let tried = false;
    for (const service of this.services) {
      if (!service.breaker.allow()) continue;
      tried = true;
      yield service;
    }
    if (!tried) yield* this.services;
  }

  emit(event: SpeechEvent): void {
    this.#onEvent(event);
  }

  /** The service did its work. */
  succeeded(service: WatchedService<P>): void {
    service.breaker.succeeded();
    if (!this.#episodes.delete(service.name)) return;
    this.#onEvent({ kind: "recovered", task: this.#task, service: service.name });
  }

  /** The service failed. It may be retried, so it is not passed over yet. */
  failed(service: WatchedService<P>, failure: ServiceFailure): void {
    service.breaker.failed(failure.lasting);
    this.#onEvent(errorEvent(this.#task, failure));
  }

  /** The work that failed at `from` goes to `to`. */
  passedOver(from: WatchedService<P>, to: WatchedService<P>, failure: ServiceFailure): void {
    const first = !this.#episodes.has(from.name);
    this.#episodes.add(from.name);
    const { code, message } = failure;
    const about = { task: this.#task, from: from.name, to: to.name };
    this.#onEvent({ kind: "failover", ...about, code, message, first });
  }

  /** Applies what another isolate learned about a service. */
  adopt(event: Extract<SpeechEvent, { kind: "breaker" }>): void {
    const service = this.services.find(({ name }) => name === event.service);
    if (!service) return;
    service.breaker.adopt(event.state, event.untilMs);
    if (event.state === "open") this.#episodes.add(event.service);
  }
}
