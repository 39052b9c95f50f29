// The fallback ladder: the primary model streaming, the primary model whole where streaming is
// refused, then the fallback model. The next rung knows what the caller has heard and does not repeat it.

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

/** How long a rate-limited model rests when it names no time itself. */
const DEFAULT_REST_MS = 5_000;

/** The request that every rung gets. */
export type LadderRequest = Omit<ModelRequest, "model" | "messages" | "streaming"> & {
  /** The conversation, given the phrases of this answer spoken so far. */
  messages(spoken: readonly string[]): ModelMessage[];
  /** Phrases of this answer that the caller has heard already. */
  readonly alreadyHeard: readonly string[];
};

/** An answer's events: the agent's own, and tool calls as the model requested them, unchecked. */
export type LadderEvent =
  | Extract<AgentEvent, { kind: "phrase" | "stage" | "degraded" }>
  | { readonly kind: "tool_request"; readonly name: string; readonly argumentsJson: string };

/** The models of one call, and which of them refuse to stream or need a rest. */
export class Ladder {
  readonly #chat: ChatModel;
  readonly #models: readonly string[];
  /** Models that refused to stream. */
  readonly #wholeOnly = new Set<string>();
  /** When a model may be asked again, on the clock of `performance.now()`. */
  readonly #restUntil = new Map<string, number>();

  /** @param models best first; empty names and duplicates are ignored. */
  constructor(chat: ChatModel, models: readonly string[]) {
    this.#chat = chat;
    this.#models = [...new Set(models.filter((model) => model !== ""))];
  }

  /**
   * One answer, from the first rung that can give it.
   *
   * @throws {ChatModelError} the last rung's, when none can.
   */
  async *answer(request: LadderRequest): AsyncGenerator<LadderEvent> {
    const spoken = [...request.alreadyHeard];
    let failure: ChatModelError | undefined;
    for (const { model, streaming } of this.#rungs()) {
      // A refused key is refused on every rung.
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

  /** The rungs in order, evaluated lazily: a model is asked for a whole answer only after it refused to stream. */
  *#rungs(): Generator<{ readonly model: string; readonly streaming: boolean }> {
    const rested = this.#models.filter((model) =>
      (this.#restUntil.get(model) ?? 0) <= performance.now()
    );
    for (const model of rested.length > 0 ? rested : this.#models) {
      if (!this.#wholeOnly.has(model)) yield { model, streaming: true };
      if (this.#wholeOnly.has(model)) yield { model, streaming: false };
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
      if (!begun) {
        begun = true;
        yield { kind: "stage", stage: "model_first_token" };
      }
      if (event.kind === "text") yield* speak(cutter.push(event.text));
      else {
        yield* speak(cutter.flush());
        yield { kind: "tool_request", name: event.name, argumentsJson: event.argumentsJson };
      }
    }
    if (!request.signal.aborted) yield* speak(cutter.flush());
  }

  #remember(model: string, { fault, retryAfterMs }: ChatModelError): void {
    if (fault === "no_streaming") this.#wholeOnly.add(model);
    if (fault === "rate_limited") {
      this.#restUntil.set(model, performance.now() + (retryAfterMs ?? DEFAULT_REST_MS));
    }
  }

  #degraded(failure: ChatModelError, model: string, streaming: boolean): LadderEvent {
    const to = streaming ? model : `${model} (plain)`;
    log.warn("the model failed, trying the next one", { error: failure, to });
    return { kind: "degraded", part: "model", to, reason: failure.fault };
  }
}

function folded(phrase: string): string {
  return wordsOf(phrase).join(" ");
}
