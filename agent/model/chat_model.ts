// One request to an OpenAI-compatible model, streamed or whole, with its timeouts. Failures say what
// happened and what the operator can do.

import { APIConnectionError, APIError, APIUserAbortError, type OpenAI, OpenAIError } from "openai";
import type { ChatCompletionChunk, ChatCompletionMessageParam } from "openai/resources/chat";
import { logger } from "../../config/logging.ts";
import type { Settings } from "../../config/settings.ts";
import { isTooLarge } from "../../runtime/bounded_fetch.ts";
import { AgentError } from "../agent.ts";
import type { ToolOffer } from "../tools.ts";
import { Deadline } from "./deadline.ts";
import { openAiClient } from "./openai_client.ts";
import { isOurs, knownCode, NOT_TAKEN, retryAfterMs } from "./server_error.ts";
import { type OnUsage, RequestCost } from "./usage.ts";

const log = logger("agent");

/** An answer of 2,000 tokens has about 500 KB as a stream of events. */
const LARGEST_ANSWER = 2 * 1024 * 1024;
/** Tool calls of one answer; it may have one that ends the call and a few keys or contacts. */
const MOST_TOOL_CALLS = 8;

/** A message of the conversation with the model. */
export type ModelMessage = ChatCompletionMessageParam;

/** One request. */
export interface ModelRequest {
  readonly model: string;
  readonly messages: readonly ModelMessage[];
  readonly tools: readonly ToolOffer[];
  readonly temperature: number;
  readonly maxTokens: number;
  /** Whether to stream the answer. */
  readonly streaming: boolean;
  readonly firstTokenTimeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly signal: AbortSignal;
}

/** The parts of a model's answer. */
export type ModelEvent =
  | { readonly kind: "text"; readonly text: string }
  /** Emitted whole, once its arguments are complete. */
  | { readonly kind: "tool_call"; readonly name: string; readonly argumentsJson: string };

/** Why a model could not answer. */
export type ModelFault =
  | "no_first_token"
  | "stalled"
  | "cut_off"
  | "malformed"
  | "too_large"
  | "no_streaming"
  | "unauthorized"
  | "rate_limited"
  | "server_error"
  | "rejected"
  | "unreachable"
  | "empty";

/** A model failed. The message says which model, how, and what the operator can do. */
export class ChatModelError extends AgentError {
  override readonly name = "ChatModelError";

  constructor(
    readonly fault: ModelFault,
    message: string,
    /** How long the provider asks us to wait before the next request, in milliseconds. */
    readonly retryAfterMs?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A connection to an OpenAI-compatible provider; keeps its HTTP connections open between requests. */
export class ChatModel {
  readonly #client: OpenAI;
  readonly #server: string;
  readonly #onUsage: OnUsage;

  constructor(
    settings: Pick<Settings, "OPENAI_API_KEY" | "OPENAI_BASE_URL">,
    onUsage: OnUsage = () => {},
  ) {
    this.#client = openAiClient(settings, LARGEST_ANSWER);
    this.#server = new URL(this.#client.baseURL).host;
    this.#onUsage = onUsage;
  }

  /**
   * Opens a connection before the first question, so that no caller waits for DNS and TLS. The
   * response does not matter; a failure is reported when a question fails.
   */
  async connect(): Promise<void> {
    try {
      const response = await fetch(this.#client.baseURL, { method: "HEAD", redirect: "manual" });
      await response.body?.cancel();
    } catch (error) {
      log.debug("could not connect before the first question", { server: this.#server, error });
    }
  }

  /**
   * Sends one request. Ends without an error when `request.signal` is aborted.
   *
   * @throws {ChatModelError}
   */
  async *ask(request: ModelRequest): AsyncGenerator<ModelEvent> {
    if (request.signal.aborted) return;
    using cost = new RequestCost(request, this.#onUsage);
    const deadline = new Deadline<ModelFault>(request.signal);
    try {
      deadline.set(request.firstTokenTimeoutMs, "no_first_token");
      if (request.streaming) yield* this.#streamed(request, deadline, cost);
      else yield* this.#whole(request, deadline, cost);
    } catch (error) {
      if (request.signal.aborted) return;
      const explained = this.#explained(error, request, deadline.passed);
      if (NOT_TAKEN.has(explained.fault)) cost.refused();
      throw explained;
    } finally {
      deadline.clear();
    }
  }

  async *#streamed(
    request: ModelRequest,
    deadline: Deadline<ModelFault>,
    cost: RequestCost,
  ): AsyncGenerator<ModelEvent> {
    const stream = await this.#client.chat.completions.create(
      { ...body(request), stream: true, stream_options: { include_usage: true } },
      { signal: deadline.signal },
    );
    const answer = new StreamedAnswer(cost);
    for await (const chunk of stream) {
      for (const event of answer.take(chunk)) {
        deadline.set(request.stallTimeoutMs, "stalled");
        yield event;
      }
    }
    deadline.signal.throwIfAborted();
    yield* answer.finish(request.model);
  }

  async *#whole(
    request: ModelRequest,
    deadline: Deadline<ModelFault>,
    cost: RequestCost,
  ): AsyncGenerator<ModelEvent> {
    const { choices, usage } = await this.#client.chat.completions.create(
      { ...body(request), stream: false },
      { signal: deadline.signal },
    );
    cost.received(JSON.stringify(choices) ?? "");
    if (usage) cost.told(usage);
    const message = choices[0]?.message;
    if (!message?.content && !message?.tool_calls?.length) throw emptyAnswer(request.model);
    if (message.content) yield { kind: "text", text: textOf(message.content) };
    const calls = (message.tool_calls ?? []).filter(({ type }) => type === "function");
    for (const call of checkedCount(calls, request.model)) {
      if (call.type !== "function") continue;
      const { name, arguments: argumentsJson } = call.function;
      yield { kind: "tool_call", name: textOf(name), argumentsJson: textOf(argumentsJson) };
    }
  }

  #explained(
    error: unknown,
    { model, streaming }: ModelRequest,
    passed?: ModelFault,
  ): ChatModelError {
    if (error instanceof ChatModelError) return error;
    const fault = passed ?? faultOf(error, streaming);
    const said = error instanceof APIError
      ? [...error.status ? [`HTTP ${error.status}`] : [], ...knownCode(error.code)]
      : [];
    const facts = said.length > 0 ? ` (${said.join(", ")})` : "";
    const message = `Model ${model} at ${this.#server} ${DESCRIPTIONS[fault]}${facts}.`;
    const options = isOurs(error) ? { cause: error } : undefined;
    return new ChatModelError(fault, message, retryAfterMs(error), options);
  }
}

/** What happened and what the operator can do. */
const DESCRIPTIONS: Record<ModelFault, string> = {
  no_first_token: "did not start its answer in time; see LLM_FIRST_TOKEN_TIMEOUT_MS",
  stalled: "stopped sending in the middle of its answer; see LLM_STALL_TIMEOUT_MS",
  cut_off: "closed the connection in the middle of its answer",
  too_large: "sent an answer that does not end; is the server OpenAI-compatible?",
  malformed: "sent an answer that cannot be parsed; is the server OpenAI-compatible?",
  no_streaming: "does not stream",
  unauthorized: "refused the key; check OPENAI_API_KEY",
  rate_limited: "refused the request: too many requests, or the account has no credit left",
  server_error: "failed on its side",
  rejected: "rejected the request; check LLM_MODEL_PRIMARY and LLM_MODEL_FALLBACK",
  unreachable: "cannot be reached; check OPENAI_BASE_URL and the network",
  empty: "sent an empty answer",
};

function faultOf(error: unknown, streaming: boolean): ModelFault {
  if (isTooLarge(error)) return "too_large";
  if (error instanceof APIConnectionError || error instanceof APIUserAbortError) {
    return "unreachable";
  }
  if (error instanceof APIError && error.status) {
    if (error.status === 401 || error.status === 403) return "unauthorized";
    if (error.status === 429) return "rate_limited";
    if (streaming && /stream/i.test(error.message)) return "no_streaming";
    return error.status >= 500 ? "server_error" : "rejected";
  }
  if (error instanceof APIError) return "server_error";
  if (error instanceof SyntaxError || error instanceof OpenAIError) return "malformed";
  return "cut_off";
}

function emptyAnswer(model: string): ChatModelError {
  return new ChatModelError("empty", `Model ${model} ${DESCRIPTIONS.empty}.`);
}

/** @throws {SyntaxError} where a server sends something else in place of a text. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  throw new SyntaxError(`${typeof value} in place of a text`);
}

/** @throws {ChatModelError} when a model asks for more tools than any answer needs. */
function checkedCount<T>(calls: readonly T[], model: string): readonly T[] {
  if (calls.length <= MOST_TOOL_CALLS) return calls;
  throw new ChatModelError("malformed", `Model ${model} asked for ${calls.length} tools at once.`);
}

function body({ model, messages, tools, temperature, maxTokens }: ModelRequest) {
  return {
    model,
    messages: [...messages],
    temperature,
    max_tokens: maxTokens,
    ...(tools.length > 0 && {
      tools: tools.map((tool) => ({ type: "function" as const, function: { ...tool } })),
    }),
  };
}

/** Assembles a streamed answer: text as it arrives, tool calls once complete, and whether the answer ended. */
class StreamedAnswer {
  readonly #tools = new Map<number, { name: string; argumentsJson: string }>();
  #text = "";
  #finished = false;
  #chunks = 0;
  readonly #cost: RequestCost;

  constructor(cost: RequestCost) {
    this.#cost = cost;
  }

  *take(chunk: ChatCompletionChunk): Generator<ModelEvent> {
    this.#chunks++;
    if (chunk.usage) this.#cost.told(chunk.usage);
    const choice = chunk.choices?.[0];
    if (choice?.delta?.content) {
      const text = textOf(choice.delta.content);
      this.#text += text;
      this.#cost.received(text);
      yield { kind: "text", text };
    }
    for (const part of choice?.delta?.tool_calls ?? []) {
      const call = this.#tools.get(part.index) ?? { name: "", argumentsJson: "" };
      call.name += textOf(part.function?.name ?? "");
      const argumentsJson = textOf(part.function?.arguments ?? "");
      call.argumentsJson += argumentsJson;
      this.#cost.received(argumentsJson);
      this.#tools.set(part.index, call);
    }
    if (choice?.finish_reason) this.#finished = true;
  }

  /** @throws {ChatModelError} when the stream ended before the answer did. */
  *finish(model: string): Generator<ModelEvent> {
    if (this.#chunks === 0) {
      throw new ChatModelError("no_streaming", `Model ${model} ${DESCRIPTIONS.no_streaming}.`);
    }
    // Some compatible servers never send a finish reason; the end of a sentence is as good.
    if (!this.#finished && !/[.!?…|]\s*$/.test(this.#text)) {
      throw new ChatModelError("cut_off", `Model ${model} ${DESCRIPTIONS.cut_off}.`);
    }
    if (this.#text.trim() === "" && this.#tools.size === 0) throw emptyAnswer(model);
    for (const call of checkedCount([...this.#tools.values()], model)) {
      yield { kind: "tool_call", ...call };
    }
  }
}
