// A voice made of several services. The first that works speaks; when it breaks off in the middle of
// a phrase, the next one continues from there. The caller hears each phrase once.

import { logger } from "../../config/logging.ts";
import { concatPcm, type Pcm } from "../../media/frame.ts";
import { withTimeouts } from "../service_timeouts.ts";
import type { SpeechEventHandler } from "../events.ts";
import { failureOf, type ServiceFailure } from "../failure.ts";
import type { PhraseCache } from "./phrase_cache.ts";
import { LONGEST_CACHED_CHARACTERS, phraseKey } from "./phrase_key.ts";
import { PhraseTape } from "./phrase_tape.ts";
import { ServiceList, type TtsService, type WatchedService } from "./service_list.ts";
import { SpokenPosition } from "./spoken_position.ts";
import { hasWords, stripUnspeakable } from "../../language/spoken/text.ts";
import { type SpokenChunk, TtsError, type TtsOptions, type TtsProvider } from "../tts.ts";

/** Speaks with the first service that works. */
export class FailoverTts implements TtsProvider {
  readonly name: string;
  readonly synthesizeStream: TtsProvider["synthesizeStream"];
  readonly #list: ServiceList<TtsProvider>;
  readonly #keys: ReadonlyMap<string, string>;
  readonly #cache: PhraseCache | undefined;

  /** `services`: in order of preference, at least one. */
  constructor(
    services: readonly TtsService[],
    cache: PhraseCache | undefined,
    onEvent: SpeechEventHandler,
  ) {
    this.name = services.map(({ name }) => name).join(",");
    this.#list = new ServiceList("tts", services, onEvent);
    this.#keys = new Map(services.map(({ name, cacheKey }) => [name, cacheKey]));
    this.#cache = cache;
    if (services[0]?.provider.synthesizeStream) {
      this.synthesizeStream = (...of) => this.#speakStream(...of);
    }
  }

  get services(): ServiceList<TtsProvider> {
    return this.#list;
  }

  synthesize(text: string, options: TtsOptions): AsyncGenerator<Pcm, void, undefined> {
    return this.#speakPhrase(stripUnspeakable(text), options);
  }

  /** Speaks clean text, from the cache if it is there. */
  async *#speakPhrase(text: string, options: TtsOptions): AsyncGenerator<Pcm, void, undefined> {
    if (!hasWords(text) || options.signal.aborted) return;
    // The preferred voice's cached phrases are usable even while its service is down.
    const preferred = this.#list.services[0]!;
    const known = options.keep && await this.#cached(preferred, text, options.language);
    if (known) yield known;
    else yield* this.#speakRest(text, options);
  }

  /** Speaks with one service after another, each starting where the previous one broke off. */
  async *#speakRest(text: string, options: TtsOptions): AsyncGenerator<Pcm, void, undefined> {
    let rest = text;
    let failed: Failed | undefined;
    for (const service of this.#list.candidates()) {
      if (failed) this.#list.passedOver(failed.service, service, failed.failure);
      for (let attempt = 1;; attempt++) {
        const position = new SpokenPosition(rest);
        try {
          return yield* this.#speak(service, rest, position, options);
        } catch (error) {
          if (options.signal.aborted) return;
          failed = { service, failure: failureOf(error, service.name), before: failed };
          rest = position.rest;
          if (!hasWords(rest)) return;
          if (!failed.failure.retryable || attempt > 1 || service.breaker.state === "open") break;
        }
      }
    }
    throw failedAltogether(failed);
  }

  /** One attempt by one service. */
  async *#speak(
    service: WatchedService<TtsProvider>,
    text: string,
    position: SpokenPosition,
    options: TtsOptions,
  ): AsyncGenerator<Pcm, void, undefined> {
    const abort = new AbortController();
    const audio = service.provider.synthesize(text, {
      language: options.language,
      signal: AbortSignal.any([options.signal, abort.signal]),
      onSpoken: (characters) => position.report(characters),
    });
    const parts: Pcm[] = [];
    for await (const pcm of this.#watched(service, audio, abort, options.signal)) {
      parts.push(pcm);
      position.add(pcm.length);
      yield pcm;
    }
    if (options.keep && !options.signal.aborted) {
      this.#keep(service, text, options.language, parts);
    }
  }

  /** Passes the stream on: times it, emits its events, and keeps the service's health up to date. */
  async *#watched<T>(
    service: WatchedService<TtsProvider>,
    source: AsyncIterable<T>,
    abort: AbortController,
    signal: AbortSignal,
  ): AsyncGenerator<T, void, undefined> {
    const { name, timeouts } = service;
    const about = { task: "tts", service: name } as const;
    const startedAt = performance.now();
    const sinceStart = () => performance.now() - startedAt;
    let begun = false;
    let settled = false;
    this.#list.emit({ kind: "request", ...about });
    try {
      const timed = timeouts ? withTimeouts(source, timeouts, name) : source;
      for await (const item of timed) {
        if (!begun) this.#list.emit({ kind: "first_byte", ...about, ms: sinceStart() });
        begun = true;
        yield item;
      }
      if (signal.aborted) return;
      settled = true;
      this.#list.emit({ kind: "final", ...about, ms: sinceStart() });
      this.#list.succeeded(service);
    } catch (error) {
      if (!signal.aborted) {
        settled = true;
        this.#list.failed(service, failureOf(error, name));
      }
      throw error;
    } finally {
      abort.abort();
      if (!settled) service.breaker.gaveUp();
    }
  }

  /**
   * Speaks an answer in one stream of the preferred service. When that breaks, speaks the rest of
   * the answer text by text, with whichever service works.
   */
  async *#speakStream(
    texts: AsyncIterable<string>,
    options: Omit<TtsOptions, "onSpoken">,
  ): AsyncGenerator<SpokenChunk, void, undefined> {
    const [service] = this.#list.services;
    const tape = new PhraseTape(texts);
    let at = 0;
    let position: SpokenPosition | undefined;
    if (service?.provider.synthesizeStream && service.breaker.allow()) {
      const abort = new AbortController();
      const signal = AbortSignal.any([options.signal, abort.signal]);
      const chunks = service.provider.synthesizeStream(tape.texts(), { ...options, signal });
      // A pause may be the model's: only the provider can tell whether the service is silent.
      const untimed = { ...service, timeouts: undefined };
      try {
        for await (const chunk of this.#watched(untimed, chunks, abort, options.signal)) {
          const { index, text } = tape.phrase(chunk.index);
          if (chunk.index !== at || !position) position = new SpokenPosition(text);
          at = chunk.index;
          if (chunk.characters !== undefined) position.report(chunk.characters);
          position.add(chunk.pcm.length);
          yield { ...chunk, index };
        }
        return;
      } catch (error) {
        if (options.signal.aborted) return;
        logger("speech").warn("the answer's stream broke; the rest is spoken text by text", {
          error,
        });
      }
    }
    for await (const { index, text } of tape.from(at)) {
      const rest = position?.rest ?? text;
      position = undefined;
      yield { index, pcm: new Int16Array(0) };
      for await (const pcm of this.#speakPhrase(rest, options)) yield { index, pcm };
    }
  }

  #cacheKey(service: WatchedService<TtsProvider>, text: string, language: string): string {
    return phraseKey(service.name, this.#keys.get(service.name)!, language, text);
  }

  async #cached(
    service: WatchedService<TtsProvider>,
    text: string,
    language: string,
  ): Promise<Pcm | undefined> {
    if (!this.#cache || text.length > LONGEST_CACHED_CHARACTERS) return undefined;
    const pcm = await this.#cache.get(this.#cacheKey(service, text, language));
    this.#list.emit({ kind: "cache", service: service.name, hit: pcm !== undefined });
    return pcm;
  }

  #keep(
    service: WatchedService<TtsProvider>,
    text: string,
    language: string,
    parts: readonly Pcm[],
  ): void {
    if (!this.#cache || text.length > LONGEST_CACHED_CHARACTERS) return;
    void this.#cache.put(this.#cacheKey(service, text, language), concatPcm(parts));
  }
}

/** The last failure, and those before it. */
interface Failed {
  readonly service: WatchedService<TtsProvider>;
  readonly failure: ServiceFailure;
  readonly before: Failed | undefined;
}

function failedAltogether(last: Failed | undefined): TtsError {
  const messages: string[] = [];
  for (let failed = last; failed; failed = failed.before) messages.unshift(failed.failure.message);
  return new TtsError(messages.join("; then ") || "no speech service is configured", {
    cause: last?.failure,
  });
}
