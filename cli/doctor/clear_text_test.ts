import assert from "node:assert/strict";

import { settingsWith } from "../../config/read_settings.ts";
import { clearText } from "./clear_text.ts";
import { checkNetwork } from "./network.ts";

Deno.test("an installation on one machine, with services reached by TLS, sends nothing readable", async () => {
  for (
    const ARI_HTTP_URL of ["http://127.0.0.1:8088", "http://localhost:8088", "http://[::1]:8088"]
  ) {
    const settings = settingsWith({
      ARI_HTTP_URL,
      OPENAI_BASE_URL: "https://models.example/v1",
      CHROMA_URL: "http://localhost:8000",
    });
    assert.deepEqual(clearText(settings), [], ARI_HTTP_URL);
    const findings = await Array.fromAsync(checkNetwork(settings));
    assert.deepEqual(findings.map(({ status }) => status), ["ok"]);
  }
});

Deno.test("each address that carries a key or a call in clear to another machine is named, with what it exposes", async () => {
  const settings = settingsWith({
    ARI_HTTP_URL: "http://10.0.0.5:8088",
    OPENAI_BASE_URL: "http://models.example/v1",
    CHROMA_URL: "http://chroma.example:8000",
    YANDEX_EMBEDDING_URL: "http://a.example/embed",
    YANDEX_STT_ENDPOINT: "http://b.example:443",
    YANDEX_TTS_ENDPOINT: "http://c.example:443",
    YANDEX_TTS_V1_ENDPOINT: "http://d.example",
    YANDEX_IAM_ENDPOINT: "http://e.example",
    MEDIA_HOST: "10.0.0.7",
  });
  assert.deepEqual(clearText(settings).map(({ setting, host }) => `${setting} ${host}`), [
    "ARI_HTTP_URL 10.0.0.5",
    "OPENAI_BASE_URL models.example",
    "CHROMA_URL chroma.example",
    "YANDEX_EMBEDDING_URL a.example",
    "YANDEX_STT_ENDPOINT b.example",
    "YANDEX_TTS_ENDPOINT c.example",
    "YANDEX_TTS_V1_ENDPOINT d.example",
    "YANDEX_IAM_ENDPOINT e.example",
    "MEDIA_HOST 10.0.0.7",
  ]);
  const findings = await Array.fromAsync(checkNetwork(settings));
  assert.equal(findings.length, 9);
  for (const { status, what, fix } of findings) {
    // An installation in a closed network may mean it: no failure.
    assert.equal(status, "note");
    assert.match(what, /unencrypted/);
    assert.ok(fix);
  }
  assert.match(findings[0]!.what, /ARI_HTTP_URL.*10\.0\.0\.5.*password/);
});
