// Early start: on a stable partial transcript the answer is begun before the caller has surely
// finished. If the final text says the same, the answer is used and the time is won; otherwise it is
// cancelled and its cost counted.
//
//   early.begin(partial, history)                       // on every stable partial; cheap when unchanged
//   const { events, hit, wonMs } = early.take({ text, history, signal })   // at the end of the turn
//   early.cancel()                                      // the caller continued, or the call ended

import type { Language } from "../../../config/language.ts";
import type { Agent, AgentEvent, AgentRequest, DialogueTurn } from "../../../agent/agent.ts";
import { saysTheSame } from "../../../language/heard/recognized.ts";
import { Queue } from "../../../runtime/queue.ts";

/** What early start has won and cost in one call so far. */
export interface EarlyStartStats {
  /** Answers begun early. */
  readonly begun: number;
  /** How many of those were used. */
  readonly hits: number;
  /** Total head start of the answers used, in milliseconds. */
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

/** Begins answers early for one call, one at a time. */
export class EarlyStart {
  readonly #agent: Agent;
  readonly #language: Language;
  readonly #enabled: boolean;
  readonly #stats = { begun: 0, hits: 0, wonMs: 0, wastedCharacters: 0 };
  #current: Attempt | undefined;

  /** @param enabled EARLY_START; when false, `take` always asks anew */
  constructor(agent: Agent, language: Language, enabled: boolean) {
    this.#agent = agent;
    this.#language = language;
    this.#enabled = enabled;
  }

  /** The totals so far. */
  get stats(): EarlyStartStats {
    return { ...this.#stats };
  }

  /**
   * Begins the answer to the text recognised so far. An answer begun before is kept when the text
   * says the same, and cancelled when it does not.
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
   * not; those made so far come without delay. Aborting `request.signal` ends it.
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

  /** Cancels the answer begun early, if there is one. */
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
  readonly #events = new Queue<AgentEvent>();
  #characters = 0;
  #failed = false;

  constructor(agent: Agent, readonly text: string, history: readonly DialogueTurn[]) {
    const { signal } = this.#abort;
    void this.#keep(agent.respond({ text, history: [...history], signal }));
  }

  /** It ended in an error before it was wanted: a new one may do better. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Everything kept, then what comes, until `signal` aborts. */
  async *events(signal: AbortSignal): AsyncGenerator<AgentEvent> {
    const abort = () => {
      this.#abort.abort();
      this.#events.end();
    };
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    try {
      for await (const event of this.#events) {
        if (signal.aborted) return;
        yield event;
      }
    } finally {
      signal.removeEventListener("abort", abort);
      this.#abort.abort();
    }
  }

  /** Cancels it, and says how many characters of phrases were made for nothing. */
  cancel(): number {
    this.#abort.abort();
    return this.#characters;
  }

  async #keep(events: AsyncIterable<AgentEvent>): Promise<void> {
    try {
      for await (const event of events) {
        if (event.kind === "phrase") this.#characters += event.text.length;
        this.#events.push(event);
      }
      this.#events.end();
    } catch (error) {
      this.#failed = true;
      this.#events.end(error);
    }
  }
}
