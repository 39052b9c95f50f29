import assert from "node:assert/strict";
import { settingsWith } from "../../config/read_settings.ts";
import { KnowledgeBaseError, loadKnowledge, splitKnowledgeBase } from "./knowledge_base.ts";

Deno.test("the shipped bases of both languages contain twenty topics each and tables of specifications", async () => {
  for (const ASTERISK_LANG of ["ru", "en"] as const) {
    const chunks = await loadKnowledge(settingsWith({ ASTERISK_LANG }));
    for (const kb of ["general", "tech"] as const) {
      assert.ok(chunks.filter((chunk) => chunk.kb === kb).length >= 20, `${ASTERISK_LANG} ${kb}`);
    }
    assert.ok(chunks.filter((chunk) => chunk.text.includes("|---|")).length >= 2);
    assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, chunks.length);
  }
});

Deno.test("a base is split at <<->>, and each chunk has the heading closest to its text", () => {
  const chunks = splitKnowledgeBase(
    "# База\n\n## **Цена**\nЗависит.\n### мелочь\nещё\n<<->>\nБез заголовка, но с текстом.\n<<->>\n\n",
    "general",
  );
  assert.deepEqual(chunks, [
    { id: "general-1", kb: "general", heading: "Цена", text: "Зависит.\n### мелочь\nещё" },
    {
      id: "general-2",
      kb: "general",
      heading: "Без заголовка, но с текстом.",
      text: "Без заголовка, но с текстом.",
    },
  ]);
});

Deno.test("a base without <<->> is split at its headings", () => {
  const chunks = splitKnowledgeBase(
    "intro\r\n# A\r\none\r\n## B\r\ntwo # not a heading\r\n",
    "tech",
  );
  assert.deepEqual(chunks.map(({ heading, text }) => [heading, text]), [
    ["intro", "intro"],
    ["A", "one"],
    ["B", "two # not a heading"],
  ]);
});

Deno.test("a long chunk is cut at 4,000 characters with 200 repeated, and nothing is lost", () => {
  const text = Array.from({ length: 1500 }, (_, i) => `word${i}`).join(" ");
  const chunks = splitKnowledgeBase(`# Long\n${text}`, "tech");
  assert.ok(chunks.length >= 3);
  for (const [i, chunk] of chunks.entries()) {
    assert.ok(chunk.text.length <= 4000);
    assert.equal(chunk.heading, "Long");
    const next = chunks[i + 1]?.text.slice(0, 150).trim();
    if (next) assert.ok(chunk.text.endsWith(chunk.text.slice(chunk.text.indexOf(next))));
    if (next) assert.ok(chunk.text.includes(next), "the next chunk starts with this one's end");
  }
  const words = new Set(chunks.flatMap((chunk) => chunk.text.split(" ")));
  assert.ok(text.split(" ").every((word) => words.has(word)));
});

Deno.test("the error about an empty or missing base names it and the setting to correct", async () => {
  await assert.rejects(
    loadKnowledge(settingsWith({ KNOWLEDGE_BASE2_PATH: "no/such/base.md" })),
    (error: unknown) =>
      error instanceof KnowledgeBaseError && /no\/such\/base\.md/.test(error.message) &&
      /KNOWLEDGE_BASE2_PATH/.test(error.message),
  );
  const empty = await Deno.makeTempFile({ suffix: ".md" });
  try {
    await Deno.writeTextFile(empty, "# Only a heading\n\n<<->>\n");
    await assert.rejects(
      loadKnowledge(settingsWith({ KNOWLEDGE_BASE_PATH: empty })),
      /holds no text.*KNOWLEDGE_BASE_PATH/,
    );
  } finally {
    await Deno.remove(empty);
  }
});

Deno.test("a base too large for a call's memory is refused before any call, with its size and its setting", async () => {
  const large = await Deno.makeTempFile({ suffix: ".md" });
  try {
    await Deno.truncate(large, 4 * 1024 * 1024 + 200_000);
    await assert.rejects(
      loadKnowledge(settingsWith({ KNOWLEDGE_BASE2_PATH: large })),
      (error: unknown) =>
        error instanceof KnowledgeBaseError && error.message.includes(large) &&
        /4\.2 MB; 4 MB at most.*KNOWLEDGE_BASE2_PATH/.test(error.message),
    );
  } finally {
    await Deno.remove(large);
  }
});
