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

const HELP = `Usage: deno task kb <command>

  build             put the knowledge bases into Chroma (CHROMA_URL); unchanged chunks are not
                    embedded again, and calls use the old build until the new one is whole
  status            what the files hold, and whether Chroma has the same
  search "question" what a caller's question finds, and in which base

Exit code: 0 done, 1 failed or out of date, 2 wrong usage.
`;

const BAR_WIDTH = 30;

/** Where a command writes; replaced in tests. */
export interface Output {
  /** Results, on standard output. */
  out(text: string): void;
  /** Progress and errors, on standard error. */
  err(text: string): void;
  /** Whether `err` is a terminal, where a line can be written over. */
  readonly isTerminal: boolean;
}

/** Runs a command and returns its exit code. */
export async function runKb(
  args: readonly string[],
  settings: Settings,
  output: Output = consoleOutput(),
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
        output.out(HELP);
        return 0;
    }
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    output.err(`${error.message}\n`);
    return 1;
  }
  output.err(HELP);
  return 2;
}

async function build(settings: Settings, output: Output, signal?: AbortSignal): Promise<number> {
  if (settings.CHROMA_URL === "") {
    output.err(
      "CHROMA_URL is not set: questions are searched by words, straight from the files, and there " +
        "is nothing to build.\n",
    );
    return 1;
  }
  const started = performance.now();
  let shown = -1;
  const report = await buildKnowledge(settings, {
    onProgress: (done, of) => {
      const percent = Math.floor(100 * done / of);
      if (!output.isTerminal && Math.floor(percent / 10) === Math.floor(shown / 10)) return;
      shown = percent;
      output.err(progressLine(done, of, output.isTerminal));
    },
    ...(signal && { signal }),
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  output.out(
    report.swapped
      ? `Built ${report.chunks} chunks in ${seconds} s: ${report.embedded} embedded, ` +
        `${report.reused} taken over. In use from the next question on.\n`
      : `Nothing to do: Chroma already holds these ${report.chunks} chunks.\n`,
  );
  return 0;
}

function progressLine(done: number, of: number, isTerminal: boolean): string {
  const filled = Math.round(BAR_WIDTH * done / of);
  const bar = "#".repeat(filled).padEnd(BAR_WIDTH, ".");
  const line = `[${bar}] ${done}/${of}`;
  if (!isTerminal) return `${line}\n`;
  return `\r${line}${done === of ? "\n" : ""}`;
}

async function status(settings: Settings, output: Output): Promise<number> {
  const chunks = await loadKnowledge(settings);
  for (const [kb, path] of Object.entries(knowledgeBasePaths(settings))) {
    const own = chunks.filter((chunk) => chunk.kb === kb);
    const characters = own.reduce((sum, { text }) => sum + text.length, 0);
    output.out(`${kb}: ${own.length} chunks, ${characters} characters, ${path}\n`);
  }
  if (settings.CHROMA_URL === "") {
    output.out("Chroma: not used (CHROMA_URL is not set); questions are searched by words.\n");
    return 0;
  }
  const state = await knowledgeStatus(settings, chunks);
  if (!state) {
    output.out(`Chroma: nothing built yet at ${settings.CHROMA_URL}; run: deno task kb build\n`);
    return 1;
  }
  output.out(
    `Chroma: ${state.chunks} chunks, ${state.embedding}, built ${state.built}, ` +
      (state.upToDate ? "up to date.\n" : "not what the files hold now; run: deno task kb build\n"),
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
  output.out(`Searched as "${question}" in ${route} by ${store.name}:\n`);
  for (const { chunk, score } of passages) {
    const text = chunk.text.replace(/\s+/g, " ").slice(0, 160);
    output.out(`  ${score.toFixed(2)}  ${chunk.kb}  ${chunk.heading}\n        ${text}\n`);
  }
  if (passages.length === 0) output.out("  nothing found\n");
  return 0;
}

async function storeOf(settings: Settings, chunks: readonly Chunk[]): Promise<KnowledgeStore> {
  if (settings.CHROMA_URL === "") return new LexicalStore(chunks, settings.ASTERISK_LANG);
  const { ChromaStore } = await import("../agent/knowledge/chroma_store.ts");
  return new ChromaStore(settings);
}

function consoleOutput(): Output {
  const encoder = new TextEncoder();
  return {
    out: (text) => void Deno.stdout.writeSync(encoder.encode(text)),
    err: (text) => void Deno.stderr.writeSync(encoder.encode(text)),
    isTerminal: Deno.stderr.isTerminal(),
  };
}
