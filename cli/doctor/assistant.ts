// Does the assistant have prompts and knowledge, and do the services that it is set to use answer?

import { ChatModel } from "../../agent/model/chat_model.ts";
import { ChromaStore } from "../../agent/knowledge/chroma_store.ts";
import {
  type Chunk,
  knowledgeBasePaths,
  loadKnowledge,
} from "../../agent/knowledge/knowledge_base.ts";
import { providerOf } from "../../agent/mod.ts";
import { PromptsFile } from "../../config/prompts.ts";
import type { Settings } from "../../config/settings.ts";
import { messageOf } from "../../runtime/error_text.ts";
import { fail, type Finding, type Findings, note, ok, reasonOf } from "./finding.ts";

/** Longer than a healthy model or Chroma takes; a caller has no use for an answer that late. */
const SERVICE_TIMEOUT_MS = 15_000;

/** Checks the prompts, the knowledge bases, the model and the vector store. */
export async function* checkAssistant(settings: Settings): Findings {
  yield await checkPrompts(settings);
  yield await checkKnowledge(settings);
  if (settings.CHROMA_URL !== "") yield await checkChroma(settings);
  if (providerOf(settings) === "extractive") {
    return yield ok("answers are quoted from the knowledge bases; no model is needed");
  }
  const { LLM_MODEL_PRIMARY: primary, LLM_MODEL_FALLBACK: fallback } = settings;
  yield await checkModel(settings, primary);
  if (fallback === "" || fallback === primary) return;
  const second = await checkModel(settings, fallback);
  yield second.status === "FAIL"
    ? note(`the fallback model does not work: ${second.what}`)
    : second;
}

async function checkPrompts(settings: Settings): Promise<Finding> {
  try {
    const { path } = await PromptsFile.open(settings);
    return ok(`prompts: ${path}`);
  } catch (error) {
    return fail(
      reasonOf(error),
      "correct the file, or leave PROMPTS_FILE_PATH empty for the prompts that come with the bot",
    );
  }
}

async function checkKnowledge(settings: Settings): Promise<Finding> {
  try {
    const chunks = await loadKnowledge(settings);
    const paths = knowledgeBasePaths(settings);
    const passages = (kb: Chunk["kb"]) =>
      `${paths[kb]} (${chunks.filter((chunk) => chunk.kb === kb).length} passages)`;
    return ok(`knowledge bases: ${passages("general")}, ${passages("tech")}`);
  } catch (error) {
    return fail(
      reasonOf(error),
      "leave KNOWLEDGE_BASE_PATH and KNOWLEDGE_BASE2_PATH empty for the samples that come with the bot",
    );
  }
}

/** Searches, with a real embedding of the question. */
async function checkChroma(settings: Settings): Promise<Finding> {
  const begun = performance.now();
  try {
    const signal = AbortSignal.timeout(SERVICE_TIMEOUT_MS);
    const found = await new ChromaStore(settings).search("guarantee", { topK: 1, signal });
    if (found.length === 0) throw new Error("Chroma found nothing; run: deno task kb build");
    return ok(`Chroma at ${settings.CHROMA_URL} finds passages (${elapsed(begun)})`);
  } catch (error) {
    return fail(
      reasonOf(error),
      "start Chroma and run `deno task kb build`, or leave CHROMA_URL empty to search by words",
    );
  }
}

/** Asks the model for a few words. */
async function checkModel(settings: Settings, model: string): Promise<Finding> {
  const begun = performance.now();
  const answer = new ChatModel(settings).ask({
    model,
    messages: [{ role: "user", content: "Say: ready" }],
    tools: [],
    temperature: 0,
    maxTokens: 5,
    streaming: true,
    firstTokenTimeoutMs: SERVICE_TIMEOUT_MS,
    stallTimeoutMs: SERVICE_TIMEOUT_MS,
    signal: new AbortController().signal,
  });
  try {
    for await (const { kind } of answer) {
      if (kind === "text") return ok(`model ${model} begins to answer after ${elapsed(begun)}`);
    }
    throw new Error(`Model ${model} gave an empty answer`);
  } catch (error) {
    return fail(
      messageOf(error),
      "correct OPENAI_API_KEY, OPENAI_BASE_URL or the model's name, or set AGENT_PROVIDER=extractive",
    );
  }
}

function elapsed(begun: number): string {
  return `${Math.round(performance.now() - begun)} ms`;
}
