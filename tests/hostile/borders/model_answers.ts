// A language model's server: its streams, its whole answers and its errors, taken by the agent; what the
// agent reports goes into the metrics, as in the service.

import { AgentError } from "../../../agent/agent.ts";
import { loadKnowledge } from "../../../agent/knowledge/knowledge_base.ts";
import { LexicalStore } from "../../../agent/knowledge/lexical_store.ts";
import { OpenAiAgent } from "../../../agent/model/openai_agent.ts";
import { Retrieval } from "../../../agent/knowledge/retrieval.ts";
import { PromptsFile } from "../../../config/prompts.ts";
import { settingsWith } from "../../../config/read_settings.ts";
import { createMetrics } from "../../../console/metrics/mod.ts";
import { speakable } from "../../../language/spoken/speakable.ts";
import type { Border } from "../border.ts";
import { HostileServer } from "./answers.ts";

/** Questions to one agent before the next one begins anew. */
const QUESTIONS = 20;
/** How long a model may take, in ms; its hostile server answers at once. */
const TIMEOUT_MS = 500;

const chunk = (delta: unknown, finish_reason: string | null = null) => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  model: "m",
  created: 1,
  choices: [{ index: 0, delta, finish_reason }],
});
const toolCall = (index: number, name: string, args: string) => ({
  tool_calls: [{
    index,
    id: `call_${index}`,
    type: "function",
    function: { name, arguments: args },
  }],
});
const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

/** What a good server streams. */
const STREAM = [
  chunk({ role: "assistant", content: "" }),
  chunk({ content: "The warranty " }),
  chunk({ content: "is two years. | " }),
  chunk({ content: "Call +1 555 0100. |" }),
  chunk(toolCall(0, "send_dtmf", '{"digits":')),
  chunk(toolCall(0, "", '"5#"}')),
  chunk(toolCall(1, "transfer_to", '{"target":"sales"}')),
  chunk(toolCall(2, "take_contact", '{"name":"Ann","phone":"15550100","email":"a@b.example"}')),
  chunk({}, "tool_calls"),
  { ...chunk({}), choices: [], usage },
];
/** What it answers whole. */
const WHOLE = {
  id: "chatcmpl-1",
  object: "chat.completion",
  model: "m",
  choices: [{
    index: 0,
    message: { role: "assistant", content: "What is the warranty of the machine?" },
    finish_reason: "stop",
  }],
  usage,
};

/** The model's answers. */
export const modelAnswers: Border = {
  name: "model-answers",
  share: 0.015,
  live: false,
  async open() {
    const server = new HostileServer(async (request) =>
      (await request.json()).stream === true ? { events: STREAM } : { json: WHOLE }
    );
    const settings = settingsWith({
      ASTERISK_LANG: "en",
      OPENAI_BASE_URL: `${server.url}/v1`,
      OPENAI_API_KEY: "sk-hostile-run",
      LLM_MODEL_PRIMARY: "primary",
      LLM_MODEL_FALLBACK: "fallback",
      LLM_FIRST_TOKEN_TIMEOUT_MS: TIMEOUT_MS,
      LLM_STALL_TIMEOUT_MS: TIMEOUT_MS,
      TRANSFER_TARGETS: { sales: "201" },
    });
    const prompts = await (await PromptsFile.open(settings)).current();
    const lexical = new LexicalStore(await loadKnowledge(settings), settings.ASTERISK_LANG);
    const metrics = createMetrics({ ofProcess: false });
    let agent: OpenAiAgent | undefined;
    return {
      async take(mutator, index) {
        server.use(mutator);
        if (index % QUESTIONS === 0) agent = undefined;
        agent ??= new OpenAiAgent(
          settings,
          prompts,
          new Retrieval(undefined, lexical, TIMEOUT_MS),
          (usage) => metrics.modelUsed(structuredClone(usage)),
        );
        const { signal } = new AbortController();
        const history = [{ role: "caller", text: "Hello." }, {
          role: "bot",
          text: "Yes?",
        }] as const;
        try {
          for await (
            const event of agent.respond({ text: "What about its warranty?", history, signal })
          ) {
            if (event.kind === "degraded") metrics.assistantDegraded(event);
            if (event.kind === "phrase") speakable(event.text, "en");
            // Everything that an agent says is posted from the call's isolate to the service.
            structuredClone(event);
          }
        } catch (error) {
          // Calls take it, and say so.
          if (!(error instanceof AgentError)) throw error;
        }
        if (/NaN|Infinity/.test(await metrics.exposition())) {
          throw new Error("a metric is not a number");
        }
        return server.seen;
      },
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};
