import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parsePrompts, PromptsError, PromptsFile, promptsOfCall } from "./prompts.ts";

const USERS_FILE = {
  greeting: "Добрый день!",
  contextualize_q_system_prompt: "Перепиши вопрос.",
  qa_system_prompt: "Отвечай по контексту: {context}",
};

async function withPromptsFile(
  content: string,
  use: (path: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "prompts-"));
  try {
    const path = join(folder, "prompts.json");
    await writeFile(path, content);
    await use(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}

Deno.test("the prompts shipped in both languages are complete and have a place for the passages", async () => {
  for (const ASTERISK_LANG of ["ru", "en"] as const) {
    const file = await PromptsFile.open({ PROMPTS_FILE_PATH: "", ASTERISK_LANG });
    const prompts = await file.current();
    assert.match(prompts.qa_system_prompt, /\{context\}/);
    assert.match(prompts.greeting, ASTERISK_LANG === "ru" ? /Здравствуйте/ : /Hello/);
  }
});

Deno.test("an operator's file with only the three required prompts gets defaults for the rest", () =>
  withPromptsFile(JSON.stringify(USERS_FILE), async (path) => {
    const file = await PromptsFile.open({ PROMPTS_FILE_PATH: path, ASTERISK_LANG: "ru" });
    const prompts = await file.current();
    assert.equal(prompts.greeting, "Добрый день!");
    assert.match(prompts.nudge, /на линии/);
  }));

Deno.test("a caller who is recorded is told before anything else, in both languages", async () => {
  for (
    const [ASTERISK_LANG, notice] of [["ru", /^Разговор записывается\. Здр/], [
      "en",
      /^This call is recorded\. Hello/,
    ]] as const
  ) {
    const file = await PromptsFile.open({ PROMPTS_FILE_PATH: "", ASTERISK_LANG });
    const prompts = await file.current();
    assert.match(promptsOfCall(prompts, true).greeting, notice);
    assert.deepEqual(promptsOfCall(prompts, false), prompts);
    assert.deepEqual(
      promptsOfCall({ ...prompts, recording_notice: "" }, true).greeting,
      prompts.greeting,
    );
  }
});

Deno.test("an operator's file may lack the notice of a recording, or want none", () =>
  withPromptsFile(JSON.stringify({ ...USERS_FILE, recording_notice: " " }), async (path) => {
    const prompts = async (json: object) => {
      await writeFile(path, JSON.stringify(json));
      return await (await PromptsFile.open({ PROMPTS_FILE_PATH: path, ASTERISK_LANG: "ru" }))
        .current();
    };
    assert.equal((await prompts({ ...USERS_FILE, recording_notice: " " })).recording_notice, "");
    assert.match((await prompts(USERS_FILE)).recording_notice, /записывается/);
  }));

Deno.test("an edited prompts file takes effect on the next call without a restart", () =>
  withPromptsFile(JSON.stringify(USERS_FILE), async (path) => {
    const file = await PromptsFile.open({ PROMPTS_FILE_PATH: path, ASTERISK_LANG: "ru" });
    await writeFile(path, JSON.stringify({ ...USERS_FILE, greeting: "Здравствуйте ещё раз!" }));
    assert.equal((await file.current()).greeting, "Здравствуйте ещё раз!");
  }));

Deno.test("a prompts file that breaks or disappears at run time leaves the last good one in use", () =>
  withPromptsFile(JSON.stringify(USERS_FILE), async (path) => {
    const file = await PromptsFile.open({ PROMPTS_FILE_PATH: path, ASTERISK_LANG: "ru" });
    await writeFile(path, `{"greeting": "Здрав`);
    assert.equal((await file.current()).greeting, "Добрый день!");
    await rm(path);
    assert.equal((await file.current()).greeting, "Добрый день!");
    await writeFile(path, JSON.stringify({ ...USERS_FILE, greeting: "Починили." }));
    assert.equal((await file.current()).greeting, "Починили.");
  }));

Deno.test("a bad prompts file is refused at start, with its name and every fault", async () => {
  await withPromptsFile(`{"greeting": ""}`, async (path) => {
    await assert.rejects(
      PromptsFile.open({ PROMPTS_FILE_PATH: path, ASTERISK_LANG: "ru" }),
      (error: unknown) => {
        assert.ok(error instanceof PromptsError);
        assert.ok(error.message.includes(path));
        assert.match(error.message, /"greeting" must not be empty/);
        assert.match(error.message, /"qa_system_prompt" is missing/);
        return true;
      },
    );
  });
  await assert.rejects(
    PromptsFile.open({ PROMPTS_FILE_PATH: "no/such/file.json", ASTERISK_LANG: "en" }),
    /PROMPTS_FILE_PATH/,
  );
  assert.throws(() => parsePrompts("[1]", "p.json"), /must hold one JSON object/);
  assert.throws(() => parsePrompts("not json", "p.json"), /is not JSON/);
  assert.throws(() => parsePrompts('{\n"greeting": x\n}', "p.json"), /is not JSON: [^\n]+$/);
});
