// A recogniser made of several services. It keeps the utterance's audio, so that when a service
// fails, the next one hears the utterance from its beginning and the caller need not repeat it.

import type { Pcm } from "../../media/frame.ts";
import { concatPcm } from "../../media/frame.ts";
import {
  AsrError,
  type AsrOptions,
  type AsrProvider,
  type AsrUtterance,
  type Transcript,
} from "../asr.ts";
import { within } from "../../runtime/waiting.ts";
import { silenceFailure } from "../service_timeouts.ts";
import type { SpeechEventHandler } from "../events.ts";
import { failureOf, type ServiceFailure } from "../failure.ts";
import { type AsrService, ServiceList, type WatchedService } from "./service_list.ts";

/** Recognises with the first service that works. */
export class FailoverAsr implements AsrProvider {
  readonly name: string;
  readonly #list: ServiceList<AsrProvider>;

  /** `services`: in order of preference, at least one. Their `timeouts.stallMs` bounds `finish`. */
  constructor(services: readonly AsrService[], onEvent: SpeechEventHandler) {
    this.name = services.map(({ name }) => name).join(",");
    this.#list = new ServiceList("asr", services, onEvent);
  }

  get services(): ServiceList<AsrProvider> {
    return this.#list;
  }

  open(options: AsrOptions): AsrUtterance {
    return new FailoverUtterance(this.#list, options);
  }
}

/** The utterance at one service. */
interface Attempt {
  readonly service: WatchedService<AsrProvider>;
  readonly utterance: AsrUtterance;
  readonly abort: AbortController;
  readonly startedAt: number;
  /** A retry at the same service. */
  readonly retry: boolean;
  heard: boolean;
}

class FailoverUtterance implements AsrUtterance {
  readonly #list: ServiceList<AsrProvider>;
  readonly #options: AsrOptions;
  readonly #candidates: Iterator<WatchedService<AsrProvider>, void>;
  readonly #audio: Pcm[] = [];
  readonly #failures: ServiceFailure[] = [];
  #attempt: Attempt | undefined;
  #checkpointed = false;
  #finished: Promise<Transcript> | undefined;
  #failure: AsrError | undefined;

  constructor(list: ServiceList<AsrProvider>, options: AsrOptions) {
    this.#list = list;
    this.#options = options;
    this.#candidates = list.candidates();
    if (options.signal.aborted) return;
    options.signal.addEventListener("abort", this.#onAbort, { once: true });
    this.#next();
  }

  push(pcm: Pcm): void {
    if (this.#finished || this.#options.signal.aborted) return;
    this.#audio.push(pcm);
    this.#attempt?.utterance.push(pcm);
  }

  checkpoint(): void {
    this.#checkpointed = true;
    this.#attempt?.utterance.checkpoint();
  }

  resumed(): void {
    this.#checkpointed = false;
    this.#attempt?.utterance.resumed?.();
  }

  finish(): Promise<Transcript> {
    return this.#finished ??= this.#finish();
  }

  async #finish(): Promise<Transcript> {
    const askedAt = performance.now();
    while (this.#attempt) {
      const attempt = this.#attempt;
      const { name, timeouts } = attempt.service;
      try {
        const final = attempt.utterance.finish();
        const transcript = timeouts
          ? await within(
            final,
            timeouts.stallMs,
            () => silenceFailure(name, name, timeouts.stallMs, true),
          )
          : await final;
        if (this.#options.signal.aborted) return transcript;
        this.#succeeded(attempt, performance.now() - askedAt);
        return transcript;
      } catch (error) {
        if (this.#options.signal.aborted) return { text: "", final: false };
        this.#failed(attempt, error);
      }
    }
    if (this.#failure) throw this.#failure;
    return { text: "", final: false };
  }

  #succeeded(attempt: Attempt, ms: number): void {
    this.#unsubscribe();
    this.#attempt = undefined;
    this.#list.emit({ kind: "final", task: "asr", service: attempt.service.name, ms });
    this.#list.succeeded(attempt.service);
    attempt.abort.abort();
  }

  /** Retries at the same service where that may help, else moves on to the next. */
  #failed(attempt: Attempt, error: unknown): void {
    if (this.#attempt !== attempt) return;
    const { service } = attempt;
    const failure = failureOf(error, service.name);
    this.#failures.push(failure);
    this.#attempt = undefined;
    attempt.abort.abort();
    this.#list.failed(service, failure);
    if (failure.retryable && !attempt.retry && service.breaker.state === "closed") {
      this.#begin(service, true);
    } else this.#next(service, failure);
  }

  #next(after?: WatchedService<AsrProvider>, failure?: ServiceFailure): void {
    const next = this.#candidates.next();
    if (next.done) return this.#giveUp();
    if (after && failure) this.#list.passedOver(after, next.value, failure);
    this.#begin(next.value, false);
  }

  #begin(service: WatchedService<AsrProvider>, retry: boolean): void {
    const abort = new AbortController();
    const about = { task: "asr", service: service.name } as const;
    this.#list.emit({ kind: "request", ...about });
    const startedAt = performance.now();
    const utterance = service.provider.open({
      language: this.#options.language,
      signal: abort.signal,
      wantsPartials: () => this.#options.wantsPartials?.() ?? true,
      onPartial: (transcript) => {
        if (this.#attempt !== attempt) return;
        if (!attempt.heard && transcript.text !== "") {
          attempt.heard = true;
          this.#list.emit({ kind: "first_byte", ...about, ms: performance.now() - startedAt });
        }
        this.#options.onPartial(transcript);
      },
      onEndOfUtterance: () => {
        if (this.#attempt === attempt) this.#options.onEndOfUtterance?.();
      },
      onFailure: (error) => this.#failed(attempt, error),
    });
    const attempt: Attempt = { service, utterance, abort, startedAt, retry, heard: false };
    this.#attempt = attempt;
    if (this.#audio.length > 0) utterance.push(concatPcm(this.#audio));
    if (this.#checkpointed) utterance.checkpoint();
  }

  #giveUp(): void {
    this.#unsubscribe();
    this.#failure = new AsrError(
      this.#failures.map(({ message }) => message).join("; then "),
      { cause: this.#failures.at(-1) },
    );
    if (!this.#finished) this.#options.onFailure?.(this.#failure);
  }

  readonly #onAbort = () => {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    attempt?.service.breaker.gaveUp();
    attempt?.abort.abort();
  };

  #unsubscribe(): void {
    this.#options.signal.removeEventListener("abort", this.#onAbort);
  }
}
