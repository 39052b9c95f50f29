// The entrance to the agent, for the call that owns it:
//
//   await warmAgent(settings);                          // while the isolate waits for a call
//   const agent = await createAgent(settings, prompts); // one for each call; then immediate
//   for await (const event of agent.respond({ text, history, signal })) …
//
// Text functions that go with it live in language/: `normalizeRecognized` (recognised text for the
// transcript and the model), `speakable` (every phrase and prompt before synthesis).
//
// A `tool` event is carried out once per `id`, after the phrases before it have been heard.

import { logger } from "../config/logging.ts";
import type { Prompts } from "../config/prompts.ts";
import type { Settings } from "../config/settings.ts";
import type { Agent, ModelUsage } from "./agent.ts";
import type { ChromaStore } from "./knowledge/chroma_store.ts";
import { ExtractiveAgent } from "./extractive.ts";
import { loadKnowledge } from "./knowledge/knowledge_base.ts";
import type { KnowledgeStore } from "./knowledge/knowledge_store.ts";
import { LateAgent } from "./late_agent.ts";
import { LexicalStore } from "./knowledge/lexical_store.ts";
import { normalizeRecognized } from "../language/heard/recognized.ts";
import { Retrieval } from "./knowledge/retrieval.ts";
import { ThriftyAgent } from "./thrifty_agent.ts";

const log = logger("agent");

/** What models may cost. */
export interface Budget {
  /** Takes what each request costs. */
  onUsage(usage: ModelUsage): void;
  /** Whether no more requests may be made today: the knowledge base then answers without a model. */
  spent(): boolean;
}

/** For tools that ask a few questions. */
const UNBOUNDED: Budget = { onUsage: () => {}, spent: () => false };
const stores = new Map<string, Promise<LexicalStore>>();
/** One for all calls of this isolate: they belong to one service and share its settings. */
let chroma: ChromaStore | undefined;
/** Whether `warmAgent` has run. */
let warm = false;

/**
 * The agent of one call. If `warmAgent` has not run, the agent is made while the caller asks the first
 * question, and that answer fails when it cannot be made.
 *
 * @throws {KnowledgeBaseError} when a knowledge base is missing or empty.
 */
export async function createAgent(
  settings: Settings,
  prompts: Prompts,
  budget: Budget = UNBOUNDED,
): Promise<Agent> {
  const make = () => makeAgent(settings, prompts, budget);
  if (warm) return await make();
  const name = providerOf(settings);
  const { greeting } = prompts;
  return new LateAgent({ name, greeting, impersonal: name === "extractive" }, make);
}

/**
 * Does the slow part of making an agent before a call needs it: about 100 ms where a model answers.
 * An isolate whose caller is already waiting skips it.
 *
 * @throws {KnowledgeBaseError}
 */
export async function warmAgent(settings: Settings): Promise<void> {
  normalizeRecognized("один", settings.ASTERISK_LANG);
  if (providerOf(settings) === "openai") {
    const [{ OpenAiAgent }] = await Promise.all([
      import("./model/openai_agent.ts"),
      vectorStore(settings),
    ]);
    OpenAiAgent.warm(settings);
  }
  (await lexicalStore(settings)).searchNow("warm", { topK: 1 });
  warm = true;
}

async function makeAgent(
  settings: Settings,
  prompts: Prompts,
  { onUsage, spent }: Budget,
): Promise<Agent> {
  const lexical = await lexicalStore(settings);
  if (providerOf(settings) === "extractive") {
    return new ExtractiveAgent(lexical, prompts, settings);
  }
  // Loaded lazily: together these modules cost a call isolate about 10 MB.
  const { OpenAiAgent } = await import("./model/openai_agent.ts");
  const store = await vectorStore(settings);
  const retrieval = new Retrieval(store, lexical, settings.CHROMA_TIMEOUT_MS);
  const agent = new OpenAiAgent(settings, prompts, retrieval, onUsage);
  void agent.connect();
  return new ThriftyAgent(agent, new ExtractiveAgent(lexical, prompts, settings), spent);
}

/** Who answers: AGENT_PROVIDER, where "auto" means the model when there is a key for one. */
export function providerOf(
  settings: Pick<Settings, "AGENT_PROVIDER" | "OPENAI_API_KEY">,
): "extractive" | "openai" {
  if (settings.AGENT_PROVIDER !== "auto") return settings.AGENT_PROVIDER;
  return settings.OPENAI_API_KEY === "" ? "extractive" : "openai";
}

/** Chroma, located before the first question; if that fails, the question reports it. */
async function vectorStore(settings: Settings): Promise<KnowledgeStore | undefined> {
  if (settings.CHROMA_URL === "") return undefined;
  const { ChromaStore } = await import("./knowledge/chroma_store.ts");
  chroma ??= new ChromaStore(settings);
  chroma.prepare().catch((error) =>
    log.warn("the knowledge base in Chroma is not ready; run: deno task kb status", { error })
  );
  return chroma;
}

/** This isolate's index: built once per set of files, and again after a failure. */
function lexicalStore(settings: Settings): Promise<LexicalStore> {
  const { KNOWLEDGE_BASE_PATH, KNOWLEDGE_BASE2_PATH, ASTERISK_LANG } = settings;
  const key = JSON.stringify([KNOWLEDGE_BASE_PATH, KNOWLEDGE_BASE2_PATH, ASTERISK_LANG]);
  const known = stores.get(key);
  if (known) return known;
  const made = loadKnowledge(settings).then((chunks) => new LexicalStore(chunks, ASTERISK_LANG));
  stores.set(key, made);
  made.catch(() => stores.delete(key));
  return made;
}
