import assert from "node:assert/strict";
import { settingsWith } from "../../config/read_settings.ts";
import { localVoice, wantedModels } from "./wanted_models.ts";

const ENGLISH = settingsWith({
  ASR_PROVIDER: ["local"],
  TTS_PROVIDER: ["local"],
  ASTERISK_LANG: "en",
});

Deno.test("a machine with cores to spare gets a second recogniser, a smaller one does not", () => {
  assert.equal(wantedModels(ENGLISH, 2).recognizers, 1);
  assert.equal(wantedModels(ENGLISH, 3).recognizers, 1);
  assert.equal(wantedModels(ENGLISH, 4).recognizers, 2);
  assert.equal(wantedModels(ENGLISH, 64).recognizers, 2);
});

Deno.test("no model is loaded that nobody will use", () => {
  const russian = { ...ENGLISH, ASTERISK_LANG: "ru" } as const;
  assert.deepEqual(wantedModels(russian, 8), { recognizers: 0, voices: ["ru"] });
  const elsewhere = settingsWith({
    ASR_PROVIDER: ["openai"],
    TTS_PROVIDER: ["openai"],
    ASTERISK_LANG: "en",
  });
  assert.deepEqual(wantedModels(elsewhere, 8), { recognizers: 0, voices: [] });
});

Deno.test("a service that falls back to the local models has them ready", () => {
  const failover = {
    ...ENGLISH,
    ASR_PROVIDER: ["yandex", "local"],
    TTS_PROVIDER: ["yandex", "local"],
  } as const;
  assert.deepEqual(wantedModels(failover, 2), { recognizers: 1, voices: ["en-us"] });
});

Deno.test("the operator's voice is the one that is loaded", () => {
  assert.equal(localVoice(ENGLISH), "en-us");
  assert.equal(localVoice({ ...ENGLISH, LOCAL_TTS_VOICE: "en-gb" }), "en-gb");
  assert.deepEqual(wantedModels({ ...ENGLISH, LOCAL_TTS_VOICE: "en-gb" }, 2).voices, ["en-gb"]);
});
