// The way into the assistant, for the call that owns it:
//
//   await warmAgent(settings);                          // while the isolate waits for a call
//   const agent = await createAgent(settings, prompts); // one for each call; then immediate
//   for await (const event of agent.respond({ text, history, signal })) …
//
// and beside it, all without state unless said otherwise:
//
//   normalizeRecognized (recognized.ts)   recognised text in order, for the transcript
//   speakable (speakable.ts)              every phrase, and every prompt, before it is synthesised
//   looksUnfinished (turn_completeness.ts) how long endpointing waits
//   isBackchannel (backchannel.ts)        whether the bot goes on speaking
//   EarlyStart (speculation.ts)           begins answers on stable partials; one for each call
//   runKb (kb_command.ts)                 the command line's `kb`
//
// A `tool` event is to be done when the phrases before it were heard, once for each `id`.

import { logger } from "../config/logging.ts";
import type { Prompts } from "../config/prompts.ts";
import type { Settings } from "../config/settings.ts";
import type { Agent } from "./agent.ts";
import type { ChromaStore } from "./knowledge/chroma_store.ts";
import { ExtractiveAgent } from "./extractive.ts";
import { loadKnowledge } from "./knowledge/knowledge_base.ts";
import type { KnowledgeStore } from "./knowledge/knowledge_store.ts";
import { LateAgent } from "./late_agent.ts";
import { LexicalStore } from "./knowledge/lexical_store.ts";
import { normalizeRecognized } from "../language/heard/recognized.ts";
import { Retrieval } from "./knowledge/retrieval.ts";

const log = logger("agent");
const stores = new Map<string, Promise<LexicalStore>>();
/** One for all calls of this isolate, which are of one service and so have the same settings. */
let chroma: ChromaStore | undefined;
/** `warmAgent` was here. */
let warm = false;

/**
 * The assistant of one call. Where `warmAgent` was not, it is made while the caller asks for the
 * first time, and answers with an error when it cannot be.
 *
 * @throws {KnowledgeBaseError} when a knowledge base is missing or empty
 */
export async function createAgent(settings: Settings, prompts: Prompts): Promise<Agent> {
  const make = () => makeAgent(settings, prompts);
  return warm ? await make() : new LateAgent(providerOf(settings), prompts.greeting, make);
}

/**
 * Does ahead of a call what it would wait for: some 100 ms where a model answers. An isolate whose
 * caller waits already does without.
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

async function makeAgent(settings: Settings, prompts: Prompts): Promise<Agent> {
  const lexical = await lexicalStore(settings);
  if (providerOf(settings) === "extractive") {
    return new ExtractiveAgent(lexical, prompts, settings);
  }
  // Loaded only where they are used: together they cost a call's isolate some 10 MB.
  const { OpenAiAgent } = await import("./model/openai_agent.ts");
  const store = await vectorStore(settings);
  const retrieval = new Retrieval(store, lexical, settings.CHROMA_TIMEOUT_MS);
  const agent = new OpenAiAgent(settings, prompts, retrieval);
  void agent.connect();
  return agent;
}

/** Who answers: what AGENT_PROVIDER says, "auto" being the model when there is a key for one. */
export function providerOf(
  settings: Pick<Settings, "AGENT_PROVIDER" | "OPENAI_API_KEY">,
): "extractive" | "openai" {
  if (settings.AGENT_PROVIDER !== "auto") return settings.AGENT_PROVIDER;
  return settings.OPENAI_API_KEY === "" ? "extractive" : "openai";
}

/** Chroma, found ahead of the first question; when it cannot be, that question says so. */
async function vectorStore(settings: Settings): Promise<KnowledgeStore | undefined> {
  if (settings.CHROMA_URL === "") return undefined;
  const { ChromaStore } = await import("./knowledge/chroma_store.ts");
  chroma ??= new ChromaStore(settings);
  chroma.prepare().catch((error) =>
    log.warn("the knowledge base in Chroma is not ready", { error })
  );
  return chroma;
}

/** The index of this isolate: made once for the same files, forgotten when making it failed. */
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
