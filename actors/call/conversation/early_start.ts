// Early start: on a stable partial transcript the answer is begun before the caller has surely
// finished. If the final text says the same it is used, and the time is won; else it is cancelled,
// and its cost counted.
//
//   early.begin(partial, history)                       // on every stable partial; cheap when unchanged
//   const { events, hit, wonMs } = early.take({ text, history, signal })   // at the end of the turn
//   early.cancel()                                      // the caller went on speaking, or the call ended

import type { Language } from "../../../config/language.ts";
import type { Agent, AgentEvent, AgentRequest, DialogueTurn } from "../../../agent/agent.ts";
import { saysTheSame } from "../../../language/heard/recognized.ts";

/** How early starting has done in one call so far. */
export interface EarlyStartStats {
  /** Answers begun early. */
  readonly begun: number;
  /** Of those, answers that were used. */
  readonly hits: number;
  /** Head start of the answers used, in milliseconds together. */
  readonly wonMs: number;
  /** Characters of phrases that were made and thrown away. */
  readonly wastedCharacters: number;
}

/** What a turn is answered with. */
export interface TakenAnswer {
  readonly events: AsyncIterable<AgentEvent>;
  /** Whether the answer begun early is used. */
  readonly hit: boolean;
  /** How long before now it was begun; 0 when it is not used. */
  readonly wonMs: number;
}

/** Begins answers early for one call. Not more than one at a time. */
export class EarlyStart {
  readonly #agent: Agent;
  readonly #language: Language;
  readonly #enabled: boolean;
  readonly #stats = { begun: 0, hits: 0, wonMs: 0, wastedCharacters: 0 };
  #current: Attempt | undefined;

  /** @param enabled EARLY_START; when false, `take` always asks afresh */
  constructor(agent: Agent, language: Language, enabled: boolean) {
    this.#agent = agent;
    this.#language = language;
    this.#enabled = enabled;
  }

  /** How it has done so far. */
  get stats(): EarlyStartStats {
    return { ...this.#stats };
  }

  /**
   * Begins the answer to what was recognised so far; keeps the one already begun when the text says
   * the same, and cancels it when it does not.
   */
  begin(text: string, history: readonly DialogueTurn[]): void {
    if (!this.#enabled || text.trim() === "") return;
    if (this.#current && saysTheSame(this.#current.text, text, this.#language)) return;
    this.cancel();
    this.#stats.begun++;
    this.#current = new Attempt(this.#agent, text, history);
  }

  /**
   * The answer to the caller's final words. Its events are the same whether it was begun early or
   * not; what came so far comes at once. Aborting `request.signal` ends it.
   */
  take(request: AgentRequest): TakenAnswer {
    const attempt = this.#current;
    if (
      !attempt || attempt.failed || !saysTheSame(attempt.text, request.text, this.#language)
    ) {
      this.cancel();
      return { events: this.#agent.respond(request), hit: false, wonMs: 0 };
    }
    this.#current = undefined;
    const wonMs = performance.now() - attempt.begunAt;
    this.#stats.hits++;
    this.#stats.wonMs += wonMs;
    return { events: attempt.events(request.signal), hit: true, wonMs };
  }

  /** Drops the answer begun early, if there is one. */
  cancel(): void {
    if (!this.#current) return;
    this.#stats.wastedCharacters += this.#current.cancel();
    this.#current = undefined;
  }
}

/** One answer begun early: its events are kept until they are wanted. */
class Attempt {
  readonly begunAt = performance.now();
  readonly #abort = new AbortController();
  readonly #kept: AgentEvent[] = [];
  #ended = false;
  #error: unknown;
  #more = Promise.withResolvers<void>();

  constructor(agent: Agent, readonly text: string, history: readonly DialogueTurn[]) {
    const { signal } = this.#abort;
    void this.#keep(agent.respond({ text, history: [...history], signal }));
  }

  /** It ended in an error before it was wanted: a fresh one may do better. */
  get failed(): boolean {
    return this.#error !== undefined;
  }

  /** Everything kept, then what comes, until `signal` aborts. */
  async *events(signal: AbortSignal): AsyncGenerator<AgentEvent> {
    const abort = () => {
      this.#abort.abort();
      this.#more.resolve();
    };
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    try {
      for (let i = 0; !signal.aborted;) {
        if (i < this.#kept.length) yield this.#kept[i++]!;
        else if (this.#error !== undefined) throw this.#error;
        else if (this.#ended) return;
        else await this.#more.promise;
      }
    } finally {
      signal.removeEventListener("abort", abort);
      this.#abort.abort();
    }
  }

  /** Cancels it, and says how many characters of phrases were made for nothing. */
  cancel(): number {
    this.#abort.abort();
    return this.#kept.reduce(
      (sum, event) => sum + (event.kind === "phrase" ? event.text.length : 0),
      0,
    );
  }

  async #keep(events: AsyncIterable<AgentEvent>): Promise<void> {
    try {
      for await (const event of events) {
        this.#kept.push(event);
        this.#wake();
      }
    } catch (error) {
      this.#error = error;
    }
    this.#ended = true;
    this.#wake();
  }

  #wake(): void {
    const woken = this.#more;
    this.#more = Promise.withResolvers();
    woken.resolve();
  }
}
