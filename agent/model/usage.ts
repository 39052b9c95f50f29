// What each request to a model costs: as its server says or, where it says nothing usable, as estimated
// from the texts, so that no server's silence takes a bound away.

import type { ModelUsage } from "../agent.ts";
import { estimateTokens } from "./history.ts";

/** Takes the cost of each request, once, when it is over. Must not throw. */
export type OnUsage = (usage: ModelUsage) => void;

/** The texts that a request's cost is estimated from. */
interface CostlyRequest {
  readonly model: string;
  readonly messages: readonly unknown[];
  readonly tools: readonly unknown[];
  /** Aborted when the answer is no longer wanted: the prompt has been paid for all the same. */
  readonly signal: AbortSignal;
}

/** The cost of one request, reported when it is disposed of or aborted, whichever is first. */
export class RequestCost implements Disposable {
  readonly #request: CostlyRequest;
  readonly #onUsage: OnUsage;
  readonly #onAbort = () => this[Symbol.dispose]();
  #answer = "";
  #told = { promptTokens: 0, completionTokens: 0 };
  #settled = false;

  constructor(request: CostlyRequest, onUsage: OnUsage) {
    this.#request = request;
    this.#onUsage = onUsage;
    // Within the abort itself: an isolate may end right after it.
    request.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** More of the answer has come. */
  received(text: string): void {
    this.#answer += text;
  }

  /**
   * The server's own account, which is data: some say -1 for unknown, some a string. Some repeat it
   * with each piece of an answer, so the last one counts.
   */
  told(usage: { readonly prompt_tokens?: unknown; readonly completion_tokens?: unknown }): void {
    this.#told = {
      promptTokens: tokensOf(usage.prompt_tokens),
      completionTokens: tokensOf(usage.completion_tokens),
    };
  }

  /** The server did not take the request: it costs nothing. */
  refused(): void {
    this.#settled = true;
  }

  [Symbol.dispose](): void {
    const { model, messages, tools, signal } = this.#request;
    signal.removeEventListener("abort", this.#onAbort);
    if (this.#settled) return;
    this.#settled = true;
    const { promptTokens, completionTokens } = this.#told;
    this.#onUsage({
      kind: "usage",
      model,
      promptTokens: promptTokens || estimateTokens(JSON.stringify([messages, tools])),
      completionTokens: completionTokens || estimateTokens(this.#answer),
    });
  }
}

/** More than any model can take or give at once: a larger amount is an error, or malice. */
const MOST_TOKENS = 10_000_000;

function tokensOf(count: unknown): number {
  return Number.isInteger(count) && Number(count) >= 0 && Number(count) <= MOST_TOKENS
    ? Number(count)
    : 0;
}
