import assert from "node:assert/strict";
import { ChromaStore } from "../../agent/knowledge/chroma_store.ts";
import { createEmbedder } from "../../agent/knowledge/embeddings.ts";
import { runKb } from "../../cli/kb.ts";
import { OperatorError } from "../../config/operator_error.ts";
import { settingsWith } from "../../config/read_settings.ts";
import type { Settings } from "../../config/settings.ts";

async function run(args: readonly string[], changes: Partial<Settings> = {}) {
  let text = "";
  const write = (line: string) => void (text += `${line}\n`);
  const code = await runKb(args, settingsWith({ ASTERISK_LANG: "en", ...changes }), {
    print: write,
    printError: write,
    progress: () => {},
  });
  return { code, text };
}

/** An address where nothing listens. */
function nowhere(): string {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return `http://127.0.0.1:${listener.addr.port}`;
}

Deno.test("kb without a command, or with an unknown one, shows its usage", async () => {
  for (const args of [[], ["rebuild"], ["search"], ["search", " "]]) {
    const { code, text } = await run(args);
    assert.equal(code, 2);
    assert.match(text, /Usage: deno task kb/);
  }
  assert.equal((await run(["--help"])).code, 0);
});

Deno.test("kb search without Chroma searches the files lexically", async () => {
  const { code, text } = await run(["search", "how long is the warranty"]);
  assert.equal(code, 0);
  assert.match(text, /by lexical:\n {2}1\.00 {2}general {2}Warranty/);
  assert.match((await run(["search", "zebra giraffe"])).text, /nothing found/);
});

Deno.test("kb status without Chroma counts the chunks of the files", async () => {
  const { code, text } = await run(["status"]);
  assert.equal(code, 0);
  assert.match(text, /general: 21 chunks/);
  assert.match(text, /tech: 21 chunks/);
});

Deno.test("kb build without Chroma says that there is nothing to build", async () => {
  const { code, text } = await run(["build"]);
  assert.equal(code, 1);
  assert.match(text, /CHROMA_URL is not set/);
});

Deno.test("an unreachable Chroma is an error with its address and what to check", async () => {
  const CHROMA_URL = nowhere();
  for (const args of [["build"], ["status"]]) {
    const { code, text } = await run(args, { CHROMA_URL, OPENAI_BASE_URL: nowhere() });
    assert.equal(code, 1);
    assert.ok(text.includes(CHROMA_URL), text);
    assert.match(text, /CHROMA_URL/);
  }
  const settings = settingsWith({ CHROMA_URL, OPENAI_BASE_URL: nowhere() });
  await assert.rejects(
    new ChromaStore(settings).search("x", { topK: 1 }),
    /OPENAI_BASE_URL|CHROMA_URL/,
  );
});

Deno.test("every command names a missing knowledge base", async () => {
  for (const args of [["status"], ["search", "warranty"]]) {
    await assert.rejects(
      run(args, { KNOWLEDGE_BASE_PATH: "no/such.md" }),
      (error) =>
        error instanceof OperatorError &&
        /no\/such\.md.*KNOWLEDGE_BASE_PATH/.test(error.message),
    );
  }
});

Deno.test("Yandex gets one text per request, with separate models for documents and questions", async () => {
  const seen: { authorization: string | null; modelUri: string; text: string }[] = [];
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const { modelUri, text } = await request.json();
      seen.push({ authorization: request.headers.get("authorization"), modelUri, text });
      // Yandex's JSON has doubles as strings.
      return Response.json({ embedding: ["0.5", "-1e-3"], numTokens: "3", modelVersion: "x" });
    },
  );
  const embedder = createEmbedder(settingsWith({
    EMBEDDING_PROVIDER: "yandex",
    YANDEX_API_KEY: "key",
    YANDEX_FOLDER_ID: "folder",
    YANDEX_EMBEDDING_URL: `http://127.0.0.1:${server.addr.port}/textEmbedding`,
  }));
  assert.deepEqual(await embedder.documents(["a", "b"]), [[0.5, -0.001], [0.5, -0.001]]);
  assert.deepEqual(await embedder.query("c"), [0.5, -0.001]);
  assert.deepEqual(seen.map(({ modelUri, text }) => `${modelUri} ${text}`).sort(), [
    "emb://folder/text-search-doc/latest a",
    "emb://folder/text-search-doc/latest b",
    "emb://folder/text-search-query/latest c",
  ]);
  assert.ok(seen.every(({ authorization }) => authorization === "Api-Key key"));
});

Deno.test("the error about a broken embedding service names the service and never its key", async () => {
  for (
    const [answer, message] of [
      [Response.json({ data: "?" }), /not an embedding/],
      [new Response("<html>"), /not JSON/],
      [new Response("no", { status: 503 }), /HTTP 503/],
    ] as const
  ) {
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      () => answer,
    );
    const embedder = createEmbedder(settingsWith({
      OPENAI_API_KEY: "sk-very-secret",
      OPENAI_BASE_URL: `http://127.0.0.1:${server.addr.port}/v1`,
    }));
    await assert.rejects(
      embedder.query("x"),
      (error: unknown) =>
        error instanceof Error && message.test(error.message) && !error.message.includes("sk-very"),
    );
  }
});
