import assert from "node:assert/strict";
import { readSettings, SettingsError } from "./settings.ts";

function problems(env: Record<string, string | undefined>): readonly string[] {
  try {
    readSettings(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

Deno.test("a speech service without its key is named before anything starts", () => {
  const [yandex, openai] = problems({ ASR_PROVIDER: "yandex,local", TTS_PROVIDER: "openai" });
  assert.match(yandex!, /^yandex .*YANDEX_API_KEY.*YANDEX_SERVICE_ACCOUNT_KEY_FILE.*OAUTH_TOKEN/);
  assert.match(openai!, /^openai .*OPENAI_API_KEY/);
  assert.deepEqual(problems({ ASR_PROVIDER: "yandex", OAUTH_TOKEN: "t" }), [
    "OAUTH_TOKEN needs YANDEX_FOLDER_ID, the folder the requests are billed to",
  ]);
});

Deno.test("any one of Yandex's three ways to log in is enough", () => {
  for (
    const way of [
      { YANDEX_API_KEY: "k" },
      { YANDEX_SERVICE_ACCOUNT_KEY_FILE: "key.json" },
      { OAUTH_TOKEN: "t", YANDEX_FOLDER_ID: "f" },
    ]
  ) {
    assert.deepEqual(
      problems({ TTS_PROVIDER: "yandex,openai,local", OPENAI_API_KEY: "k", ...way }),
      [],
    );
  }
});

Deno.test("nothing configured speaks and listens locally", () => {
  const settings = readSettings({});
  assert.deepEqual([settings.ASR_PROVIDER, settings.TTS_PROVIDER], [["local"], ["local"]]);
});
