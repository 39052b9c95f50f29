// Times `kb build` of a large knowledge base on a real Chroma server, with its memory and an interruption. `deno task bench kb`

import { buildKnowledge, type BuildReport } from "../../agent/knowledge/kb_build.ts";
import { LexicalStore } from "../../agent/knowledge/lexical_store.ts";
import { loadKnowledge } from "../../agent/knowledge/knowledge_base.ts";
import { settingsWith } from "../../config/read_settings.ts";
import { chromaInstalled, installChroma, startChroma } from "../servers/chroma_server.ts";
import { HASHED_EMBEDDING, hashedEmbedding } from "../servers/hashed_embedding.ts";
import { startOpenAiServer } from "../servers/openai/openai_server.ts";

const CHUNKS = 5000;
/** Approximate characters per chunk. */
const CHUNK_CHARS = 600;

/** The cost of a large build. */
export interface KbFigures {
  readonly chunks: number;
  readonly seconds: number;
  /** Peak growth of this process's memory, including the embedding server in it. */
  readonly peakMb: number;
  /** The build after one that was interrupted half-way: chunks that were not embedded again. */
  readonly resumed: BuildReport;
  /** The build after one chunk changed. */
  readonly changed: BuildReport;
  readonly changedSeconds: number;
  /** Loading and indexing the same base for lexical search, and its memory. */
  readonly lexicalMs: number;
  readonly lexicalMb: number;
}

/** Measures on its own Chroma server. */
export async function kbBench(): Promise<KbFigures> {
  if (!await chromaInstalled()) await installChroma();
  await using chroma = await startChroma();
  await using embeddings = startOpenAiServer({ embed: hashedEmbedding });
  const folder = await Deno.makeTempDir();
  try {
    const settings = settingsWith({
      ASTERISK_LANG: "en",
      CHROMA_URL: chroma.url,
      OPENAI_BASE_URL: embeddings.url,
      KNOWLEDGE_BASE_PATH: `${folder}/general.md`,
      KNOWLEDGE_BASE2_PATH: `${folder}/tech.md`,
    });
    await Deno.writeTextFile(settings.KNOWLEDGE_BASE_PATH, base(CHUNKS - 1));
    await Deno.writeTextFile(settings.KNOWLEDGE_BASE2_PATH, "## Load\nThe maximum load is large.");

    const before = Deno.memoryUsage().rss;
    let peak = before;
    const started = performance.now();
    const interrupt = new AbortController();
    const watch = (done: number) => {
      peak = Math.max(peak, Deno.memoryUsage().rss);
      if (done > CHUNKS / 2) interrupt.abort(new Error("interrupted"));
    };
    await buildKnowledge(settings, { onProgress: watch, signal: interrupt.signal })
      .catch((error) => {
        if (!interrupt.signal.aborted) throw error;
      });
    const resumed = await buildKnowledge(settings, { onProgress: watch });
    const seconds = (performance.now() - started) / 1000;

    await Deno.writeTextFile(settings.KNOWLEDGE_BASE2_PATH, "## Load\nThe maximum load is larger.");
    const again = performance.now();
    const changed = await buildKnowledge(settings);
    const changedSeconds = (performance.now() - again) / 1000;

    const heap = Deno.memoryUsage().heapUsed;
    const indexing = performance.now();
    const lexical = new LexicalStore(await loadKnowledge(settings), "en");
    const lexicalMs = performance.now() - indexing;
    lexical.searchNow("topic", { topK: 1 });
    const lexicalMb = (Deno.memoryUsage().heapUsed - heap) / 2 ** 20;
    const peakMb = (peak - before) / 2 ** 20;
    return {
      chunks: CHUNKS,
      seconds,
      peakMb,
      resumed,
      changed,
      changedSeconds,
      lexicalMs,
      lexicalMb,
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function base(topics: number): string {
  const words = "load speed grip sensor frame drive report sample wire spring plate press".split(
    " ",
  );
  return Array.from({ length: topics }, (_, i) => {
    let text = `This is about topic number ${i}.`;
    for (let n = i; text.length < CHUNK_CHARS; n = (n * 7 + 3) % 9973) {
      text += ` The ${words[n % words.length]} ${n} fits the ${words[(n >> 3) % words.length]}.`;
    }
    return `## Topic ${i}\n${text}`;
  }).join("\n<<->>\n");
}

if (import.meta.main) {
  const figures = await kbBench();
  const line =
    `kb build of ${figures.chunks} chunks (${HASHED_EMBEDDING}), interrupted half way and ` +
    `run again: ${figures.seconds.toFixed(1)} s, ${
      figures.peakMb.toFixed(0)
    } MB more memory; the ` +
    `second run embedded ${figures.resumed.embedded}, took over ${figures.resumed.reused}. With one ` +
    `chunk changed: ${
      figures.changedSeconds.toFixed(1)
    } s, ${figures.changed.embedded} embedded. ` +
    `Words of the same base: indexed in ${figures.lexicalMs.toFixed(0)} ms, ` +
    `${figures.lexicalMb.toFixed(0)} MB.`;
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
