import assert from "node:assert/strict";
import { settingsWith } from "../../config/read_settings.ts";
import type { Settings } from "../../config/settings.ts";
import { ChromaStore } from "../../agent/knowledge/chroma_store.ts";
import { buildKnowledge, knowledgeStatus } from "../../agent/knowledge/kb_build.ts";
import { runKb } from "../../cli/kb.ts";
import { progressBar } from "../../cli/print.ts";
import { loadKnowledge } from "../../agent/knowledge/knowledge_base.ts";
import { chromaInstalled, startChroma } from "../servers/chroma_server.ts";
import { hashedEmbedding } from "../servers/hashed_embedding.ts";
import { type OpenAiServer, startOpenAiServer } from "../servers/openai/openai_server.ts";

// On a real Chroma server; `deno run -A tests/servers/chroma_server.ts` fetches one.
const ignore = !await chromaInstalled();

interface Scene {
  readonly settings: Settings;
  readonly embeddings: OpenAiServer;
  /** Rewrites the general base. */
  write(topics: Readonly<Record<string, string>>): Promise<void>;
}

const TOPICS = {
  Warranty: "The warranty is twenty four months.",
  Delivery: "Delivery takes from five to ten days.",
  Training: "Training takes one day.",
};

/** Runs `play` with a Chroma server, an embedding server and a small knowledge base. */
async function scene(play: (scene: Scene) => Promise<void>): Promise<void> {
  await using chroma = await startChroma();
  await using embeddings = startOpenAiServer({ embed: hashedEmbedding });
  const folder = await Deno.makeTempDir();
  const settings = settingsWith({
    ASTERISK_LANG: "en",
    CHROMA_URL: chroma.url,
    OPENAI_BASE_URL: embeddings.url,
    KNOWLEDGE_BASE_PATH: `${folder}/general.md`,
    KNOWLEDGE_BASE2_PATH: `${folder}/tech.md`,
  });
  const write = (topics: Readonly<Record<string, string>>) =>
    Deno.writeTextFile(
      settings.KNOWLEDGE_BASE_PATH,
      Object.entries(topics).map(([heading, text]) => `## ${heading}\n${text}`).join("\n<<->>\n"),
    );
  await Deno.writeTextFile(settings.KNOWLEDGE_BASE2_PATH, "## Load\nThe maximum load is large.");
  await write(TOPICS);
  try {
    await play({ settings, embeddings, write });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function find(settings: Settings, question: string, kb?: "general" | "tech") {
  const store = new ChromaStore(settings);
  const found = await store.search(question, { topK: 1, ...(kb && { kb }) });
  return found[0]?.chunk;
}

Deno.test(
  "a question finds its passage in Chroma, and only in the requested base",
  { ignore },
  () =>
    scene(async ({ settings, embeddings }) => {
      await buildKnowledge(settings);
      const before = embeddings.embedded.length;
      const chunk = await find(settings, "how long is the warranty");
      assert.equal(chunk?.heading, "Warranty");
      assert.equal(chunk?.kb, "general");
      assert.match(chunk!.text, /twenty four months/);
      assert.equal(embeddings.embedded.length, before + 1, "one embedding a question");
      assert.equal((await find(settings, "how long is the warranty", "tech"))?.kb, "tech");
    }),
);

Deno.test(
  "a second build embeds only what has changed and goes live immediately",
  { ignore },
  () =>
    scene(async ({ settings, embeddings, write }) => {
      assert.deepEqual(await buildKnowledge(settings), {
        chunks: 4,
        embedded: 4,
        reused: 0,
        swapped: true,
      });
      const reader = new ChromaStore(settings);
      await reader.search("warranty", { topK: 1 });
      assert.equal((await buildKnowledge(settings)).swapped, false);
      await write({ ...TOPICS, Training: "Training takes three days now." });
      assert.equal(
        (await knowledgeStatus(settings, await loadKnowledge(settings)))?.upToDate,
        false,
      );
      const before = embeddings.embedded.length;
      assert.deepEqual(await buildKnowledge(settings), {
        chunks: 4,
        embedded: 1,
        reused: 3,
        swapped: true,
      });
      assert.equal(embeddings.embedded.length, before + 1);
      assert.equal(
        (await knowledgeStatus(settings, await loadKnowledge(settings)))?.upToDate,
        true,
      );
      const [found] = await reader.search("training takes", { topK: 1 });
      assert.match(
        found!.chunk.text,
        /three days/,
        "a call that knew the old build finds the new one",
      );
    }),
);

Deno.test("an interrupted build leaves the old one live, and the next build resumes it", {
  ignore,
}, () =>
  scene(async ({ settings, embeddings, write }) => {
    await buildKnowledge(settings);
    const many = Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => [`Topic ${i}`, `Text number ${i} of the topic.`]),
    );
    await write(many);
    const interrupt = new AbortController();
    const onProgress = () => interrupt.abort(new Error("interrupted"));
    await assert.rejects(
      buildKnowledge(settings, { onProgress, signal: interrupt.signal }),
      /interrupted/,
    );
    assert.equal((await find(settings, "how long is the warranty"))?.heading, "Warranty");
    const before = embeddings.embedded.length;
    const report = await buildKnowledge(settings);
    assert.equal(report.chunks, 201);
    assert.equal(embeddings.embedded.length - before, report.embedded);
    assert.equal(report.embedded, 201 - 65);
    assert.equal(report.reused, 64 + 1, "the interrupted batch, and the chunk that did not change");
    assert.equal((await find(settings, "Topic 150"))?.heading, "Topic 150");
  }));

Deno.test(
  "a change of embedding since the build is an error that names the command to run",
  { ignore },
  () =>
    scene(async ({ settings }) => {
      await buildKnowledge(settings);
      await assert.rejects(
        find({ ...settings, EMBEDDING_MODEL: "another" }, "warranty"),
        /built with openai\/text-embedding-3-small \(512 numbers\).*another.*kb build/,
      );
      await using shorter = startOpenAiServer({ embed: (text) => hashedEmbedding(text, 100) });
      await assert.rejects(
        find({ ...settings, OPENAI_BASE_URL: shorter.url }, "warranty"),
        /512 numbers.*\(100 numbers\).*kb build/,
      );
    }),
);

Deno.test(
  "a failing embedding service fails the build, and the live build stays",
  { ignore },
  () =>
    scene(async ({ settings, write }) => {
      await buildKnowledge(settings);
      await write({ Other: "Something else." });
      await using failing = startOpenAiServer({ embeddingStatus: 401 });
      await assert.rejects(
        buildKnowledge({ ...settings, OPENAI_BASE_URL: failing.url }),
        /HTTP 401.*OPENAI_API_KEY/,
      );
      assert.equal((await find(settings, "how long is the warranty"))?.heading, "Warranty");
    }),
);

Deno.test(
  "kb build, status and search tell the operator what the store holds",
  { ignore },
  () =>
    scene(async ({ settings }) => {
      const lines: string[] = [];
      const write = (line: string) => void lines.push(`${line}\n`);
      const progress = progressBar({
        isTerminal: () => false,
        writeSync: (bytes) => lines.push(new TextDecoder().decode(bytes)) && bytes.length,
      });
      const output = { print: write, printError: write, progress };
      const run = async (...args: string[]) => {
        lines.length = 0;
        const code = await runKb(args, settings, output);
        return { code, text: lines.join("") };
      };
      assert.deepEqual((await run("status")).code, 1);
      assert.match((await run("status")).text, /nothing built yet.*kb build/);
      const built = await run("build");
      assert.equal(built.code, 0);
      assert.match(built.text, /\[#{30}\] 4\/4\nBuilt 4 chunks in .* 4 embedded/);
      assert.match((await run("build")).text, /Nothing to do/);
      assert.match((await run("status")).text, /up to date/);
      const found = await run("search", "how", "long", "is", "the", "warranty");
      assert.match(found.text, /in general by chroma:\n {2}0\.\d\d {2}general {2}Warranty/);
    }),
);
