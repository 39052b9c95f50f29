// Measures how well questions find their passages: recall and routing over the shipped knowledge bases, in
// Russian and English, lexically and by Chroma. `deno task bench retrieval`
//
// The questions (tests/questions/retrieval.json) are paraphrases that a caller might use, each with the one
// heading that answers it; the unanswerable ones show how honest the assistant is.

import { fileURLToPath } from "node:url";
import type { Language } from "../../config/language.ts";
import { ChromaStore } from "../../agent/knowledge/chroma_store.ts";
import { ExtractiveAgent } from "../../agent/extractive.ts";
import { buildKnowledge } from "../../agent/knowledge/kb_build.ts";
import { loadKnowledge } from "../../agent/knowledge/knowledge_base.ts";
import type { KnowledgeStore } from "../../agent/knowledge/knowledge_store.ts";
import { LexicalStore } from "../../agent/knowledge/lexical_store.ts";
import { normalizeRecognized } from "../../language/heard/recognized.ts";
import { routeOf } from "../../agent/routing.ts";
import { PromptsFile } from "../../config/prompts.ts";
import { settingsWith } from "../../config/read_settings.ts";
import type { Settings } from "../../config/settings.ts";
import { chromaInstalled, installChroma, startChroma } from "../servers/chroma_server.ts";
import { HASHED_EMBEDDING, hashedEmbedding } from "../servers/hashed_embedding.ts";
import { startOpenAiServer } from "../servers/openai/openai_server.ts";

interface Question {
  readonly language: Language;
  readonly kb: "general" | "tech";
  readonly heading: string;
  readonly question: string;
}

interface QuestionFile {
  readonly questions: readonly Question[];
  readonly unanswerable: readonly { readonly language: Language; readonly question: string }[];
}

/** Shares are 0…1. */
export interface RetrievalFigures {
  readonly language: Language;
  readonly questions: number;
  /** The right passage is among the first three, with the base chosen by routing, as in a call. */
  readonly lexicalRecallAt3: number;
  /** It is the first. */
  readonly lexicalRecallAt1: number;
  /** The same as the first figure, by Chroma; undefined without a server. */
  readonly chromaRecallAt3: number | undefined;
  /** The searched base contains the answer. */
  readonly routingRight: number;
  /** Routing chose exactly that base. */
  readonly routingNarrowed: number;
  /** The embedded agent named the right passage as its source. */
  readonly extractiveRight: number;
  /** Unanswerable questions for which the agent admitted to have no answer. */
  readonly honest: number;
  /** Questions whose passage the lexical store did not find. */
  readonly misses: readonly string[];
}

/** Measures one language; `chromaUrl` and `embeddingUrl` add the vector store. */
export async function measureRetrieval(
  language: Language,
  vector?: { readonly chromaUrl: string; readonly embeddingUrl: string },
): Promise<RetrievalFigures> {
  const { questions, unanswerable } = await readQuestions();
  const mine = questions.filter((question) => question.language === language);
  const settings = settingsWith({
    ASTERISK_LANG: language,
    ...(vector && { CHROMA_URL: vector.chromaUrl, OPENAI_BASE_URL: vector.embeddingUrl }),
    CHROMA_COLLECTION: `bench-${language}`,
  });
  const lexical = new LexicalStore(await loadKnowledge(settings), language);
  const lexicalRanks = await ranksIn(lexical, mine);
  const chromaRanks = vector && await ranksIn(await builtChroma(settings), mine);
  const routes = mine.map(({ question, kb }) => ({ kb, route: routeIn(question, language) }));
  const answers = await extractiveSources(settings, lexical, mine.map(({ question }) => question));
  const refusals = await extractiveSources(
    settings,
    lexical,
    unanswerable.filter((one) => one.language === language).map(({ question }) => question),
  );
  return {
    language,
    questions: mine.length,
    lexicalRecallAt3: share(lexicalRanks, (rank) => rank < 3),
    lexicalRecallAt1: share(lexicalRanks, (rank) => rank === 0),
    chromaRecallAt3: chromaRanks && share(chromaRanks, (rank) => rank < 3),
    routingRight: share(routes, ({ kb, route }) => route === kb || route === "both"),
    routingNarrowed: share(routes, ({ kb, route }) => route === kb),
    extractiveRight: share(answers, (heading, i) => heading === mine[i]!.heading),
    honest: share(refusals, (heading) => heading === undefined),
    misses: mine.filter((_, i) => !(lexicalRanks[i]! < 3)).map(({ question }) => question),
  };
}

/** The rank of the right passage, 0 for the first; Infinity when it was not found. */
function ranksIn(store: KnowledgeStore, questions: readonly Question[]): Promise<number[]> {
  return Promise.all(questions.map(async ({ question, language, heading }) => {
    const route = routeIn(question, language);
    const found = await store.search(normalizeRecognized(question, language), {
      topK: 3,
      ...(route !== "both" && { kb: route }),
    });
    const rank = found.findIndex(({ chunk }) => chunk.heading === heading);
    return rank === -1 ? Infinity : rank;
  }));
}

function routeIn(question: string, language: Language) {
  return routeOf(normalizeRecognized(question, language), language);
}

async function builtChroma(settings: Settings): Promise<ChromaStore> {
  await buildKnowledge(settings);
  return new ChromaStore(settings);
}

async function extractiveSources(
  settings: Settings,
  store: LexicalStore,
  questions: readonly string[],
): Promise<(string | undefined)[]> {
  const prompts = await (await PromptsFile.open(settings)).current();
  const agent = new ExtractiveAgent(store, prompts, settings);
  const { signal } = new AbortController();
  return Promise.all(questions.map(async (text) => {
    for await (const event of agent.respond({ text, history: [], signal })) {
      if (event.kind === "sources") return event.chunks[0]?.heading;
    }
    return undefined;
  }));
}

async function readQuestions(): Promise<QuestionFile> {
  const path = fileURLToPath(new URL("../questions/retrieval.json", import.meta.url));
  return JSON.parse(await Deno.readTextFile(path)) as QuestionFile;
}

function share<T>(list: readonly T[], holds: (item: T, index: number) => boolean): number {
  return list.filter(holds).length / list.length;
}

/** Measures both languages on a real Chroma server, installing one if necessary. */
export async function retrievalBench(): Promise<RetrievalFigures[]> {
  if (!await chromaInstalled()) await installChroma();
  await using chroma = await startChroma();
  await using embeddings = startOpenAiServer({ embed: hashedEmbedding });
  const vector = { chromaUrl: chroma.url, embeddingUrl: embeddings.url };
  return [await measureRetrieval("ru", vector), await measureRetrieval("en", vector)];
}

if (import.meta.main) {
  const percent = (value: number | undefined) =>
    value === undefined ? "-" : `${(100 * value).toFixed(0)} %`;
  print(`Chroma's embedding: ${HASHED_EMBEDDING}`);
  for (const figures of await retrievalBench()) {
    print(
      `${figures.language}: ${figures.questions} questions; recall@3 lexical ` +
        `${percent(figures.lexicalRecallAt3)} (@1 ${percent(figures.lexicalRecallAt1)}), Chroma ` +
        `${percent(figures.chromaRecallAt3)}; routing right ${percent(figures.routingRight)}, ` +
        `narrowed ${percent(figures.routingNarrowed)}; extractive answer right ` +
        `${percent(figures.extractiveRight)}, honest ${percent(figures.honest)}`,
    );
    if (Deno.args.includes("--misses")) {
      for (const miss of figures.misses) print(`  ${miss}`);
    }
  }
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
