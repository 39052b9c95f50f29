// The full assistant: one retrieval and one streamed completion per turn, on any OpenAI-compatible
// server. `tools.ts` judges the tool calls that the model requests. When every model fails, the
// caller hears the apology and the call continues.

import type { Language } from "../../config/language.ts";
import { logger } from "../../config/logging.ts";
import type { Prompts } from "../../config/prompts.ts";
import type { Settings } from "../../config/settings.ts";
import type { Agent, AgentEvent, AgentRequest, DialogueTurn, ToolCall } from "../agent.ts";
import { ChatModel, ChatModelError, type ModelMessage } from "./chat_model.ts";
import { refersBack, withQuestionBefore } from "../follow_up.ts";
import type { Passage } from "../knowledge/knowledge_store.ts";
import { Ladder } from "./ladder.ts";
import { lexiconOf, wordsOf } from "../../language/lexicon.ts";
import { recentHistory } from "./history.ts";
import { normalizeRecognized } from "../../language/heard/recognized.ts";
import type { Retrieval } from "../knowledge/retrieval.ts";
import { type Route, routeOf } from "../routing.ts";
import { toolCallId } from "../tool_rules.ts";
import { judgeToolCall, offeredTools } from "../tools.ts";
import type { OnUsage } from "./usage.ts";

const log = logger("agent");

/** The longest rewritten question, in tokens. */
const REWRITE_MAX_TOKENS = 120;
/** The place in the prompt where the passages go. */
const CONTEXT = "{context}";

/** The settings that this agent reads. */
export type OpenAiAgentSettings = Pick<
  Settings,
  | "OPENAI_API_KEY"
  | "OPENAI_BASE_URL"
  | "LLM_MODEL_PRIMARY"
  | "LLM_MODEL_FALLBACK"
  | "LLM_TEMPERATURE"
  | "LLM_MAX_TOKENS"
  | "LLM_FIRST_TOKEN_TIMEOUT_MS"
  | "LLM_STALL_TIMEOUT_MS"
  | "LLM_HISTORY_TOKENS"
  | "AGENT_TOOLS"
  | "TRANSFER_TARGETS"
  | "KB_TOP_K"
  | "ASTERISK_LANG"
>;

/** Answers with a language model over the passages found. */
export class OpenAiAgent implements Agent {
  readonly name = "openai";
  readonly impersonal = false;
  readonly greeting: string;
  readonly #settings: OpenAiAgentSettings;
  readonly #prompts: Prompts;
  readonly #retrieval: Retrieval;
  readonly #chat: ChatModel;
  readonly #ladder: Ladder;

  /** @param onUsage takes what each request to a model costs, whether its answer was wanted or not. */
  constructor(
    settings: OpenAiAgentSettings,
    prompts: Prompts,
    retrieval: Retrieval,
    onUsage?: OnUsage,
  ) {
    this.greeting = prompts.greeting;
    this.#settings = settings;
    this.#prompts = prompts;
    this.#retrieval = retrieval;
    this.#chat = new ChatModel(settings, onUsage);
    this.#ladder = new Ladder(this.#chat, [
      settings.LLM_MODEL_PRIMARY,
      settings.LLM_MODEL_FALLBACK,
    ]);
  }

  /** Pays the one-time cost of the first agent and its first turn, about 10 ms each, ahead of a call. */
  static warm(settings: OpenAiAgentSettings): void {
    new ChatModel(settings);
    offeredTools(settings);
    routeOf("", settings.ASTERISK_LANG);
  }

  /** Opens the connection to the model before the first question. Never fails. */
  connect(): Promise<void> {
    return this.#chat.connect();
  }

  async *respond(request: AgentRequest): AsyncGenerator<AgentEvent> {
    const heard = normalizeRecognized(request.text, this.#language);
    if (wordsOf(heard).length === 0) {
      yield { kind: "phrase", text: this.#prompts.not_heard };
      return;
    }
    const history = recentHistory(request.history, this.#settings.LLM_HISTORY_TOKENS);
    const question = yield* this.#selfContained(heard, history, request.signal);
    const route = routeOf(question, this.#language);
    const passages = yield* this.#retrieve(question, route, request.signal);
    if (request.signal.aborted) return;
    yield* this.#answer(request, heard, history, passages);
  }

  get #language(): Language {
    return this.#settings.ASTERISK_LANG;
  }

  /** The question in a form that can be searched: the model rewrites it only when it refers back. */
  async *#selfContained(
    question: string,
    history: readonly DialogueTurn[],
    signal: AbortSignal,
  ): AsyncGenerator<AgentEvent, string> {
    if (!refersBack(question, history, this.#language)) return question;
    const messages: ModelMessage[] = [
      { role: "system", content: this.#prompts.contextualize_q_system_prompt },
      ...this.#remembered(history),
      { role: "user", content: question },
    ];
    let rewritten = "";
    try {
      const answer = this.#chat.ask({
        model: this.#settings.LLM_MODEL_PRIMARY,
        messages,
        tools: [],
        temperature: 0,
        maxTokens: REWRITE_MAX_TOKENS,
        streaming: false,
        firstTokenTimeoutMs: this.#settings.LLM_FIRST_TOKEN_TIMEOUT_MS,
        stallTimeoutMs: this.#settings.LLM_STALL_TIMEOUT_MS,
        signal,
      });
      for await (const event of answer) {
        if (event.kind === "text") rewritten += event.text;
      }
    } catch (error) {
      if (!(error instanceof ChatModelError)) throw error;
      log.warn(
        "could not rewrite the follow-up question, searching with the previous question as well",
        {
          error,
        },
      );
      yield { kind: "degraded", part: "rewrite", to: "question before", reason: error.fault };
    }
    return rewritten.trim() || withQuestionBefore(question, history, this.#language);
  }

  async *#retrieve(
    question: string,
    route: Route,
    signal: AbortSignal,
  ): AsyncGenerator<AgentEvent, readonly Passage[]> {
    const kb = route === "both" ? undefined : route;
    const options = { topK: this.#settings.KB_TOP_K, signal, ...(kb && { kb }) };
    const { passages, store, failure } = await this.#retrieval.search(question, options);
    yield { kind: "stage", stage: "retrieval" };
    if (failure) yield { kind: "degraded", part: "retrieval", to: store, reason: failure };
    const chunks = passages.map(({ chunk: { kb, heading } }) => ({ kb, heading }));
    yield { kind: "sources", chunks, route };
    return passages;
  }

  async *#answer(
    request: AgentRequest,
    heard: string,
    history: readonly DialogueTurn[],
    passages: readonly Passage[],
  ): AsyncGenerator<AgentEvent> {
    const system = this.#systemPrompt(passages);
    const remembered = this.#remembered(history);
    const alreadyHeard = request.alreadyHeard ?? [];
    const spoken = [...alreadyHeard];
    try {
      const events = this.#ladder.answer({
        messages: (said) => [
          { role: "system", content: system },
          ...remembered,
          { role: "user", content: heard },
          ...this.#continuation(said),
        ],
        alreadyHeard,
        tools: offeredTools(this.#settings),
        temperature: this.#settings.LLM_TEMPERATURE,
        maxTokens: this.#settings.LLM_MAX_TOKENS,
        firstTokenTimeoutMs: this.#settings.LLM_FIRST_TOKEN_TIMEOUT_MS,
        stallTimeoutMs: this.#settings.LLM_STALL_TIMEOUT_MS,
        signal: request.signal,
      });
      for await (const event of events) {
        if (event.kind === "tool_request") {
          yield* this.#toolCall(event.name, event.argumentsJson, spoken, request.history.length);
          continue;
        }
        if (event.kind === "phrase") spoken.push(event.text);
        yield event;
      }
    } catch (error) {
      if (!(error instanceof ChatModelError)) throw error;
      log.error("no model could answer, the caller hears an apology", { error });
      yield* this.#apology(error.fault);
    }
  }

  async *#apology(reason: string): AsyncGenerator<AgentEvent> {
    yield { kind: "degraded", part: "model", to: "apology", reason };
    yield { kind: "phrase", text: this.#prompts.apology };
  }

  /** The tool call that the model requested, if it is allowed, and the words that go with it. */
  *#toolCall(
    name: string,
    argumentsJson: string,
    spoken: string[],
    turn: number,
  ): Generator<AgentEvent> {
    const verdict = judgeToolCall(name, argumentsJson, this.#settings);
    if (!verdict.allowed) {
      log.warn("refused a tool call that the model requested", { reason: verdict.reason });
      yield { kind: "degraded", part: "tool", to: "refusal", reason: `${verdict.name} refused` };
      const text = name === "take_contact"
        ? this.#prompts.contact_unclear
        : this.#prompts.transfer_refused;
      if (!spoken.includes(text)) yield { kind: "phrase", text };
      spoken.push(text);
      return;
    }
    const said = this.#wordsFor(verdict.call, verdict.farewell, spoken);
    if (said) yield { kind: "phrase", text: said };
    yield { kind: "tool", id: toolCallId(turn, verdict.call), call: verdict.call };
  }

  /** The words that go with a tool call, unless the model has already said something to that effect. */
  #wordsFor(
    call: ToolCall,
    farewell: string | undefined,
    spoken: readonly string[],
  ): string | undefined {
    switch (call.name) {
      case "hang_up":
        return lexiconOf(this.#language).farewell.test(wordsOf(spoken.join(" ")).join(" "))
          ? undefined
          : farewell ?? this.#prompts.farewell;
      case "transfer_to":
        return spoken.length > 0 ? undefined : this.#prompts.transferring;
      case "take_contact":
        return spoken.length > 0 ? undefined : this.#prompts.contact_taken;
      case "send_dtmf":
        return undefined;
    }
  }

  #systemPrompt(passages: readonly Passage[]): string {
    const context =
      passages.map(({ chunk }) => `### ${chunk.heading}\n${chunk.text}`).join("\n\n") ||
      this.#prompts.no_context;
    const prompt = this.#prompts.qa_system_prompt;
    // A replacer function, because "$&" in a replacement string has a meaning and the text may contain it.
    return prompt.includes(CONTEXT)
      ? prompt.replace(CONTEXT, () => context)
      : `${prompt}\n\n${context}`;
  }

  #remembered(history: readonly DialogueTurn[]): ModelMessage[] {
    return history.flatMap(({ role, text, interrupted }): ModelMessage[] => [
      { role: role === "caller" ? "user" : "assistant", content: text },
      ...(interrupted
        ? [{ role: "system" as const, content: this.#prompts.interrupted_note }]
        : []),
    ]);
  }

  #continuation(said: readonly string[]): ModelMessage[] {
    if (said.length === 0) return [];
    // A model can be made to say anything, so its words never stand in an instruction. Prompts of
    // operators may still name the place where they once stood.
    const note = this.#prompts.continue_note.replaceAll("{heard}", "…");
    return [{ role: "assistant", content: said.join(" ") }, { role: "system", content: note }];
  }
}
