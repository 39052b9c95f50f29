import assert from "node:assert/strict";
import { settingsWith } from "./read_settings.ts";
import { withholdSecrets } from "./withheld.ts";

Deno.test("a part of the service gets the secrets it uses, no others, and every other setting", () => {
  const settings = settingsWith({
    ARI_PASSWORD: "ari",
    OPENAI_API_KEY: "sk",
    YANDEX_API_KEY: "yandex",
    OAUTH_TOKEN: "oauth",
    ARI_USER: "bot",
  });
  const { ARI_PASSWORD, OPENAI_API_KEY, YANDEX_API_KEY, OAUTH_TOKEN, ...others } = withholdSecrets(
    settings,
    ["OPENAI_API_KEY"],
  );
  assert.deepEqual(
    [ARI_PASSWORD, OPENAI_API_KEY, YANDEX_API_KEY, OAUTH_TOKEN],
    ["", "sk", "", ""],
  );
  for (const [name, value] of Object.entries(others)) {
    assert.deepEqual(value, settings[name as keyof typeof settings], name);
  }
  assert.equal(settings.OAUTH_TOKEN, "oauth", "the service's own settings are untouched");
});
