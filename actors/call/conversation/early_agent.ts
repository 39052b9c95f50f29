// The call's mind: the assistant, begun early where that may win time. What of its answers is only
// for the metrics stays here.

import type { Language } from "../../../config/language.ts";
import type { Agent, AgentEvent, AgentRequest, DialogueTurn } from "../../../agent/agent.ts";
import { EarlyStart } from "./early_start.ts";
import type { AssistantEvent, EarlyStartOutcome } from "../../messages.ts";

/** What of an answer the conversation acts on. */
export type AnswerPart = Exclude<AgentEvent, AssistantEvent>;

/** Where a mind tells how it does. */
export interface EarlyAgentOutput {
  assistant(event: AssistantEvent): void;
  earlyStart(outcome: EarlyStartOutcome): void;
}

/** What a mind is made of. */
export interface EarlyAgentOptions {
  readonly agent: Agent;
  readonly language: Language;
  /** Answers are begun before the caller has surely finished (`EARLY_START`). */
  readonly startEarly: boolean;
}

/** One call's mind. */
export class EarlyAgent implements Disposable {
  readonly #early: EarlyStart;
  readonly #output: EarlyAgentOutput;
  #told = { begun: 0, wastedCharacters: 0 };

  constructor({ agent, language, startEarly }: EarlyAgentOptions, output: EarlyAgentOutput) {
    this.#early = new EarlyStart(agent, language, startEarly);
    this.#output = output;
  }

  /** The caller may have finished with these words: the answer is begun. */
  consider(text: string, history: readonly DialogueTurn[]): void {
    this.#early.begin(text, history);
  }

  /** The caller goes on, or had nothing to say. */
  forget(): void {
    this.#early.cancel();
  }

  /** The answer to the caller's final words, in parts as they are made. */
  async *answer(request: AgentRequest): AsyncGenerator<AnswerPart> {
    const { events, hit, wonMs } = this.#early.take(request);
    this.#tell(hit, wonMs);
    for await (const event of events) {
      if (event.kind === "degraded" || event.kind === "usage") this.#output.assistant(event);
      else yield event;
    }
  }

  [Symbol.dispose](): void {
    this.forget();
  }

  #tell(hit: boolean, wonMs: number): void {
    const { begun, wastedCharacters } = this.#early.stats;
    const told = this.#told;
    this.#told = { begun, wastedCharacters };
    if (begun === told.begun) return;
    this.#output.earlyStart({
      begun: begun - told.begun,
      hit,
      wonMs,
      wastedCharacters: wastedCharacters - told.wastedCharacters,
    });
  }
}
