// The doctor's checks of the services that an operator may have configured.

import assert from "node:assert/strict";

import { checkAssistant } from "../cli/doctor/assistant.ts";
import { settingsWith } from "../config/read_settings.ts";
import { startOpenAiServer } from "./servers/openai/openai_server.ts";

Deno.test("a configured model is asked for a few words; the finding about a refused key names its setting", async () => {
  await using server = startOpenAiServer({
    answer: ({ model }) => model === "good" ? { text: "ready" } : { status: 401 },
  });
  const about = (LLM_MODEL_PRIMARY: string, LLM_MODEL_FALLBACK: string) =>
    Array.fromAsync(checkAssistant(settingsWith({
      AGENT_PROVIDER: "openai",
      OPENAI_API_KEY: "s3cret",
      OPENAI_BASE_URL: server.url,
      LLM_MODEL_PRIMARY,
      LLM_MODEL_FALLBACK,
    })));
  const well = await about("good", "refused");
  assert.deepEqual(well.map(({ status }) => status), ["ok", "ok", "ok", "note"]);
  assert.match(well[2]!.what, /model good begins to answer/);
  const ill = await about("refused", "");
  assert.equal(ill.at(-1)!.status, "FAIL");
  assert.match(ill.at(-1)!.what, /OPENAI_API_KEY/);
  assert.doesNotMatch(JSON.stringify([...well, ...ill]), /s3cret/);
});

Deno.test("an unreachable Chroma is a failure that says how to do without it", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const CHROMA_URL = `http://127.0.0.1:${listener.addr.port}`;
  listener.close();
  await using server = startOpenAiServer({ embed: () => [1, 0] });
  const failed = (await Array.fromAsync(
    checkAssistant(settingsWith({ CHROMA_URL, OPENAI_BASE_URL: server.url })),
  )).find(({ status }) => status === "FAIL");
  assert.match(failed?.what ?? "", /Chroma/);
  assert.match(failed?.fix ?? "", /CHROMA_URL empty/);
});
