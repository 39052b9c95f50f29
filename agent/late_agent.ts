// An agent that is made while its caller asks the first question. After a restart of the service many
// calls need an isolate at the same time; all of them can be listened to before any needs an answer.

import type { Agent, AgentEvent, AgentRequest } from "./agent.ts";

/** Stands in for an agent that may not exist yet. */
export class LateAgent implements Agent {
  readonly name: string;
  readonly greeting: string;
  readonly impersonal: boolean;
  readonly #make: () => Promise<Agent>;
  #made?: Promise<Agent>;

  /** @param make called once; after a failure, that answer fails and the next one calls it again. */
  constructor(
    { name, greeting, impersonal }: Pick<Agent, "name" | "greeting" | "impersonal">,
    make: () => Promise<Agent>,
  ) {
    this.name = name;
    this.greeting = greeting;
    this.impersonal = impersonal;
    this.#make = make;
  }

  async *respond(request: AgentRequest): AsyncIterable<AgentEvent> {
    yield* (await this.#agent()).respond(request);
  }

  prepare(): void {
    // The answer reports the failure.
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
