// The fallback ladder: primary model streaming, primary plain where streaming is refused, fallback
// model. What the caller has been told is not told again: the next rung hears of it.

import { logger } from "../../config/logging.ts";
import type { AgentEvent } from "../agent.ts";
import {
  type ChatModel,
  ChatModelError,
  type ModelEvent,
  type ModelMessage,
  type ModelRequest,
} from "./chat_model.ts";
import { wordsOf } from "../../language/lexicon.ts";
import { PhraseCutter } from "../../language/phrase_cutter.ts";

const log = logger("agent");

/** A model that asked to be left alone for no stated time is left alone for so long. */
const DEFAULT_REST_MS = 5_000;

/** What every rung is asked. */
export type LadderRequest = Omit<ModelRequest, "model" | "messages" | "streaming"> & {
  /** The conversation, given what has been said of the answer so far. */
  messages(spoken: readonly string[]): ModelMessage[];
  /** Phrases of this answer that the caller has heard already. */
  readonly alreadyHeard: readonly string[];
};

/** What comes down the ladder: the assistant's own events, and tools as the model wished them. */
export type LadderEvent =
  | Extract<AgentEvent, { kind: "phrase" | "stage" | "degraded" | "usage" }>
  | { readonly kind: "wish"; readonly name: string; readonly argumentsJson: string };

/** The models of one call, and what is known of them. */
export class Ladder {
  readonly #chat: ChatModel;
  readonly #models: readonly string[];
  /** Models that refused to stream. */
  readonly #plain = new Set<string>();
  /** When a model may be asked again, by `performance.now()`. */
  readonly #restUntil = new Map<string, number>();

  /** @param models best first; empty names and repeats are left out */
  constructor(chat: ChatModel, models: readonly string[]) {
    this.#chat = chat;
    this.#models = [...new Set(models.filter((model) => model !== ""))];
  }

  /**
   * One answer, from whichever rung gives it.
   *
   * @throws {ChatModelError} that of the last rung, when none could
   */
  async *answer(request: LadderRequest): AsyncGenerator<LadderEvent> {
    const spoken = [...request.alreadyHeard];
    let failure: ChatModelError | undefined;
    for (const { model, streaming } of this.#rungs()) {
      // A key that is refused is refused on every rung.
      if (failure?.fault === "unauthorized") break;
      if (failure) yield this.#degraded(failure, model, streaming);
      try {
        yield* this.#rung(request, model, streaming, spoken);
        return;
      } catch (error) {
        if (!(error instanceof ChatModelError)) throw error;
        failure = error;
        this.#remember(model, error);
      }
      if (request.signal.aborted) return;
    }
    throw failure ?? new ChatModelError("rejected", "No model is set; see LLM_MODEL_PRIMARY.");
  }

  /** Rungs in order, judged as they are come to: a plain rung only behind a refused stream. */
  *#rungs(): Generator<{ readonly model: string; readonly streaming: boolean }> {
    const rested = this.#models.filter((model) =>
      (this.#restUntil.get(model) ?? 0) <= performance.now()
    );
    for (const model of rested.length > 0 ? rested : this.#models) {
      if (!this.#plain.has(model)) yield { model, streaming: true };
      if (this.#plain.has(model)) yield { model, streaming: false };
    }
  }

  async *#rung(
    request: LadderRequest,
    model: string,
    streaming: boolean,
    spoken: string[],
  ): AsyncGenerator<LadderEvent> {
    const answer: AsyncIterable<ModelEvent> = this.#chat.ask({
      ...request,
      model,
      streaming,
      messages: request.messages(spoken),
    });
    const cutter = new PhraseCutter();
    const said = new Set(spoken.map(folded));
    let begun = false;
    const speak = function* (phrases: readonly string[]): Generator<LadderEvent> {
      for (const phrase of phrases) {
        if (said.has(folded(phrase))) continue;
        spoken.push(phrase);
        yield { kind: "phrase", text: phrase };
      }
    };
    for await (const event of answer) {
      if (!begun && event.kind !== "usage") {
        begun = true;
        yield { kind: "stage", stage: "model_first_token" };
      }
      if (event.kind === "text") yield* speak(cutter.push(event.text));
      else if (event.kind === "tool") {
        yield* speak(cutter.flush());
        yield { kind: "wish", name: event.name, argumentsJson: event.argumentsJson };
      } else yield { ...event, model };
    }
    if (!request.signal.aborted) yield* speak(cutter.flush());
  }

  #remember(model: string, { fault, retryAfterMs }: ChatModelError): void {
    if (fault === "no_streaming") this.#plain.add(model);
    if (fault === "rate_limited") {
      this.#restUntil.set(model, performance.now() + (retryAfterMs ?? DEFAULT_REST_MS));
    }
  }

  #degraded(failure: ChatModelError, model: string, streaming: boolean): LadderEvent {
    const to = streaming ? model : `${model} (plain)`;
    log.warn("the model failed, another way is tried", { error: failure, to });
    return { kind: "degraded", part: "model", to, reason: failure.fault };
  }
}

function folded(phrase: string): string {
  return wordsOf(phrase).join(" ");
}
