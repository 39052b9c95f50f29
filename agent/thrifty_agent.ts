// What answers when models may not be asked any more today: the knowledge base, until they may again.

import type { Agent, AgentEvent, AgentRequest } from "./agent.ts";

/** An agent whose model is spared while there is no money for it. */
export class ThriftyAgent implements Agent {
  readonly name: string;
  readonly greeting: string;
  readonly impersonal: boolean;
  readonly #dear: Agent;
  readonly #free: Agent;
  readonly #spent: () => boolean;

  /**
   * @param dear asks a model.
   * @param free asks none.
   * @param spent whether models may not be asked, now.
   */
  constructor(dear: Agent, free: Agent, spent: () => boolean) {
    this.name = dear.name;
    this.greeting = dear.greeting;
    this.impersonal = dear.impersonal && free.impersonal;
    this.#dear = dear;
    this.#free = free;
    this.#spent = spent;
  }

  async *respond(request: AgentRequest): AsyncIterable<AgentEvent> {
    if (!this.#spent()) return yield* this.#dear.respond(request);
    yield { kind: "degraded", part: "model", to: this.#free.name, reason: "day_tokens_used" };
    yield* this.#free.respond(request);
  }

  prepare(): void {
    if (!this.#spent()) this.#dear.prepare?.();
  }
}
