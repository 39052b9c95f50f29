import assert from "node:assert/strict";
import { readSettings } from "../read_settings.ts";
import { SCHEMA } from "../settings.ts";
import { notesOfOldNames } from "./old_names.ts";

/** The file of the first users, as they have it; its secrets are made up. */
const USERS: Record<string, string> = Object.fromEntries(
  Deno.readTextFileSync(new URL("users.env", import.meta.url)).split("\n")
    .filter((line) => /^\w+=/.test(line))
    .map((line) => line.split(/\s+#/)[0]!.split("=") as [string, string]),
);

Deno.test("the first users' settings are taken as they are, and act", () => {
  const settings = readSettings(USERS);
  assert.equal(settings.ARI_HTTP_URL, "http://127.0.0.1:8088");
  assert.equal(settings.BARGE_IN, true);
  assert.equal(settings.YANDEX_TTS_VOICE, "jane");
  assert.equal(settings.ENDPOINT_MAX_SILENCE_MS, 2000);
  assert.deepEqual(settings.ASR_PROVIDER, ["yandex", "local"]);
  assert.deepEqual(settings.TTS_PROVIDER, ["yandex", "local"]);
});

Deno.test("each name of theirs is a setting or gets one note, without its value", () => {
  const notes = notesOfOldNames(USERS);
  for (const name of Object.keys(USERS)) {
    const own = notes.filter((note) => note.startsWith(`${name} `));
    assert.equal(own.length, Object.hasOwn(SCHEMA, name) ? 0 : 1, name);
  }
  assert.doesNotMatch(notes.join("\n"), /made-up/);
  for (const [, named] of notes.join("\n").matchAll(/\b([A-Z]+_[A-Z_0-9]+)\b/g)) {
    assert.ok(Object.hasOwn(SCHEMA, named!) || Object.hasOwn(USERS, named!), named!);
  }
});

Deno.test("an old name gives way to the setting itself", () => {
  assert.equal(readSettings({ BARGE_IN_ENABLED: "false" }).BARGE_IN, false);
  assert.equal(readSettings({ BARGE_IN_ENABLED: "false", BARGE_IN: "true" }).BARGE_IN, true);
  assert.equal(readSettings({ VAD_SILENCE_TIMEOUT: "1.2" }).ENDPOINT_MAX_SILENCE_MS, 1200);
  assert.equal(readSettings({ TTS_VOICE: "alloy" }).OPENAI_TTS_VOICE, "alloy");
  assert.equal(readSettings({ YANDEX_OAUTH_TOKEN: "y0" }).OAUTH_TOKEN, "y0");
});

Deno.test("a key of Yandex makes Yandex hear and speak Russian, unless a provider is named", () => {
  const providers = (env: Record<string, string>) => readSettings(env).ASR_PROVIDER;
  assert.deepEqual(providers({ YANDEX_API_KEY: "k" }), ["yandex", "local"]);
  assert.deepEqual(providers({ OAUTH_TOKEN: "t", YANDEX_FOLDER_ID: "f" }), ["yandex", "local"]);
  assert.deepEqual(providers({ OAUTH_TOKEN: "t" }), ["local"], "lacks its folder");
  assert.deepEqual(providers({ YANDEX_API_KEY: "k", ASR_PROVIDER: "local" }), ["local"]);
  assert.deepEqual(providers({ YANDEX_API_KEY: "k", ASTERISK_LANG: "en" }), ["local"]);
});
