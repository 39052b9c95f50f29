// An assistant that is made while its caller asks the first question: after a restart of the service
// many calls want an isolate at once, and all of them are listened to again before any of them
// needs an answer.

import type { Agent, AgentEvent, AgentRequest } from "./agent.ts";

/** Stands for an assistant that may not be there yet. */
export class LateAgent implements Agent {
  readonly name: string;
  readonly greeting: string;
  readonly #make: () => Promise<Agent>;
  #made?: Promise<Agent>;

  /** @param make called once; when it fails, each answer fails, and the next one tries again. */
  constructor(name: string, greeting: string, make: () => Promise<Agent>) {
    this.name = name;
    this.greeting = greeting;
    this.#make = make;
  }

  async *respond(request: AgentRequest): AsyncIterable<AgentEvent> {
    yield* (await this.#agent()).respond(request);
  }

  prepare(): void {
    // A failure is the answer's to tell.
    this.#agent().catch(() => undefined);
  }

  #agent(): Promise<Agent> {
    this.#made ??= this.#make().catch((error) => {
      this.#made = undefined;
      throw error;
    });
    return this.#made;
  }
}
