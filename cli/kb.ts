// `deno task kb`: builds, describes and searches the knowledge bases.

import type { Settings } from "../config/settings.ts";
import { AgentError } from "../agent/agent.ts";
import { buildKnowledge, knowledgeStatus } from "../agent/knowledge/kb_build.ts";
import {
  type Chunk,
  knowledgeBasePaths,
  loadKnowledge,
} from "../agent/knowledge/knowledge_base.ts";
import type { KnowledgeStore } from "../agent/knowledge/knowledge_store.ts";
import { LexicalStore } from "../agent/knowledge/lexical_store.ts";
import { normalizeRecognized } from "../language/heard/recognized.ts";
import { routeOf } from "../agent/routing.ts";
import { HELP } from "./help.ts";
import { print, printError, progressBar } from "./print.ts";

/** Where a command writes; replaced in tests. */
export interface Output {
  /** A line of the result. */
  readonly print: (line: string) => void;
  /** A line that says what went wrong. */
  readonly printError: (line: string) => void;
  readonly progress: (done: number, of: number) => void;
}

/**
 * Runs a command and returns its exit code.
 *
 * @throws {OperatorError} when a knowledge base cannot be used
 */
export async function runKb(
  args: readonly string[],
  settings: Settings,
  output: Output = { print, printError, progress: progressBar() },
  signal?: AbortSignal,
): Promise<number> {
  const [command, ...rest] = args;
  try {
    switch (command) {
      case "build":
        return await build(settings, output, signal);
      case "status":
        return await status(settings, output);
      case "search":
        if (rest.join("").trim() !== "") return await search(rest.join(" "), settings, output);
        break;
      case "--help":
      case "-h":
        output.print(HELP.kb);
        return 0;
    }
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    output.printError(error.message);
    return 1;
  }
  output.printError(HELP.kb);
  return 2;
}

async function build(settings: Settings, output: Output, signal?: AbortSignal): Promise<number> {
  if (settings.CHROMA_URL === "") {
    output.printError(
      "There is nothing to build: CHROMA_URL is not set, so questions are searched by words, " +
        "straight from the files.",
    );
    return 1;
  }
  const started = performance.now();
  const { swapped, chunks, embedded, reused } = await buildKnowledge(settings, {
    onProgress: output.progress,
    ...(signal && { signal }),
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  output.print(
    swapped
      ? `Built ${chunks} chunks in ${seconds} s: ${embedded} embedded, ${reused} reused. ` +
        "Calls use them from the next question on."
      : `Nothing to do: Chroma already holds these ${chunks} chunks.`,
  );
  return 0;
}

async function status(settings: Settings, output: Output): Promise<number> {
  const chunks = await loadKnowledge(settings);
  for (const [kb, path] of Object.entries(knowledgeBasePaths(settings))) {
    const own = chunks.filter((chunk) => chunk.kb === kb);
    const characters = own.reduce((sum, { text }) => sum + text.length, 0);
    output.print(`${kb}: ${own.length} chunks, ${characters} characters, ${path}`);
  }
  if (settings.CHROMA_URL === "") {
    output.print("Chroma: not used (CHROMA_URL is not set); questions are searched by words.");
    return 0;
  }
  const state = await knowledgeStatus(settings, chunks);
  if (!state) {
    output.print(`Chroma: nothing built yet at ${settings.CHROMA_URL}; run: deno task kb build`);
    return 1;
  }
  output.print(
    `Chroma: ${state.chunks} chunks, ${state.embedding}, built ${state.built}, ` +
      (state.upToDate ? "up to date." : "not what the files hold now; run: deno task kb build"),
  );
  return state.upToDate ? 0 : 1;
}

async function search(text: string, settings: Settings, output: Output): Promise<number> {
  const question = normalizeRecognized(text, settings.ASTERISK_LANG);
  const route = routeOf(question, settings.ASTERISK_LANG);
  const store = await storeOf(settings, await loadKnowledge(settings));
  const passages = await store.search(question, {
    topK: settings.KB_TOP_K,
    ...(route !== "both" && { kb: route }),
  });
  output.print(`Searched as "${question}" in ${route} by ${store.name}:`);
  for (const { chunk, score } of passages) {
    const text = chunk.text.replace(/\s+/g, " ").slice(0, 160);
    output.print(`  ${score.toFixed(2)}  ${chunk.kb}  ${chunk.heading}\n        ${text}`);
  }
  if (passages.length === 0) output.print("  nothing found");
  return 0;
}

async function storeOf(settings: Settings, chunks: readonly Chunk[]): Promise<KnowledgeStore> {
  if (settings.CHROMA_URL === "") return new LexicalStore(chunks, settings.ASTERISK_LANG);
  const { ChromaStore } = await import("../agent/knowledge/chroma_store.ts");
  return new ChromaStore(settings);
}
