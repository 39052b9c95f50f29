// The way into the assistant, for the call that owns it:
//
//   await warmAgent(settings);                          // while the isolate waits for a call
//   const agent = await createAgent(settings, prompts); // one for each call; then immediate
//   for await (const event of agent.respond({ text, history, signal })) …
//
// Turn-taking asks `looksUnfinished` (agent/turn_completeness.ts) how long to wait, and
// `isBackchannel` (agent/backchannel.ts) whether to go on speaking.

import type { Prompts } from "../config/prompts.ts";
import type { Settings } from "../config/settings.ts";
import type { Agent } from "./agent.ts";
import { ExtractiveAgent } from "./extractive.ts";
import { loadKnowledge } from "./knowledge_base.ts";
import { LexicalStore } from "./lexical_store.ts";

const stores = new Map<string, Promise<LexicalStore>>();

/**
 * The assistant of one call.
 *
 * @throws {KnowledgeBaseError} when a knowledge base is missing or empty
 */
export async function createAgent(settings: Settings, prompts: Prompts): Promise<Agent> {
  return new ExtractiveAgent(await lexicalStore(settings), prompts, settings.KB_TOP_K);
}

/**
 * Loads and indexes the knowledge bases, so that `createAgent` has nothing to wait for.
 *
 * @throws {KnowledgeBaseError}
 */
export async function warmAgent(settings: Settings): Promise<void> {
  await lexicalStore(settings);
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
