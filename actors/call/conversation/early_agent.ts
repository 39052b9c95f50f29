// The call's agent, whose answers are begun early where that may win time. The parts of an answer
// that are only for the metrics are reported from here; what its model costs is reported by the agent.

import type { Language } from "../../../config/language.ts";
import type { Agent, AgentEvent, AgentRequest, DialogueTurn } from "../../../agent/agent.ts";
import { isShortAnswer } from "../../../language/heard/short_answer.ts";
import { pause } from "../../../runtime/waiting.ts";
import { EarlyStart } from "./early_start.ts";
import type { EarlyStartOutcome } from "../../messages.ts";

/** A part of the assistant was replaced by a lesser one. */
type Degraded = Extract<AgentEvent, { kind: "degraded" }>;

/** The parts of an answer that the conversation acts on. */
export type AnswerPart = Exclude<AgentEvent, Degraded>;

/** What is reported for the metrics. */
export interface EarlyAgentOutput {
  assistant(event: Degraded): void;
  earlyStart(outcome: EarlyStartOutcome): void;
}

/** What a call's agent needs. */
export interface EarlyAgentOptions {
  readonly agent: Agent;
  readonly language: Language;
  /** Answers are begun before the caller has surely finished (`EARLY_START`). */
  readonly startEarly: boolean;
  /** Card numbers in the caller's words are masked (`MASK_CARDS`). */
  readonly maskCards: boolean;
  /** So long after the caller's last word the answer is held back (`ENDPOINT_PATIENCE_MS`). */
  readonly patienceMs: number;
}

/** One call's agent, with early start. */
export class EarlyAgent implements Disposable {
  readonly #early: EarlyStart;
  readonly #output: EarlyAgentOutput;
  readonly #options: EarlyAgentOptions;
  /** The totals at the last report. */
  #reported = { begun: 0, wastedCharacters: 0 };

  constructor(options: EarlyAgentOptions, output: EarlyAgentOutput) {
    const { agent, language, startEarly } = options;
    this.#options = options;
    this.#early = new EarlyStart(agent, language, startEarly);
    this.#output = output;
  }

  /** The caller may have finished with these words: begins the answer. */
  begin(text: string, history: readonly DialogueTurn[]): void {
    this.#early.begin(text, history);
  }

  /** The caller continues, or had nothing to say: cancels the answer begun early. */
  cancel(): void {
    this.#early.cancel();
  }

  /**
   * The answer to the caller's final words, in parts as they are made.
   *
   * @param speechEndAt when the caller spoke their last word (`performance.now()`): they may add to it
   *   for as long as the bot is patient. Undefined when they have surely finished.
   */
  async *answer(request: AgentRequest, speechEndAt?: number): AsyncGenerator<AnswerPart> {
    const { events, hit, wonMs } = this.#early.take(request);
    this.#report(hit, wonMs);
    let heldUntil = this.#heldUntil(request.text, speechEndAt);
    for await (const event of events) {
      if (heldUntil > 0 && (event.kind === "phrase" || event.kind === "tool")) {
        await pause(heldUntil - performance.now(), request.signal);
        if (request.signal.aborted) return;
        heldUntil = 0;
      }
      if (event.kind === "degraded") this.#output.assistant(event);
      else yield event;
    }
  }

  [Symbol.dispose](): void {
    this.cancel();
  }

  #heldUntil(text: string, speechEndAt: number | undefined): number {
    const { patienceMs, language } = this.#options;
    if (speechEndAt === undefined || isShortAnswer(text, language)) return 0;
    return speechEndAt + patienceMs;
  }

  #report(hit: boolean, wonMs: number): void {
    const { begun, wastedCharacters } = this.#early.stats;
    const before = this.#reported;
    this.#reported = { begun, wastedCharacters };
    if (begun === before.begun) return;
    this.#output.earlyStart({
      begun: begun - before.begun,
      hit,
      wonMs,
      wastedCharacters: wastedCharacters - before.wastedCharacters,
    });
  }
}
