// Calls in Russian through Yandex's protocol, on the simulated PBX.

import assert from "node:assert/strict";
import { startSimulator } from "../../testing/mod.ts";
import { realTimeTest } from "../real_time.ts";
import { LogLines } from "../../testing/log_lines.ts";
import { YandexRestServer } from "../servers/yandex/yandex_rest_server.ts";
import { World } from "./world.ts";
import { yandex } from "./yandex_suite.ts";

const simulator = await startSimulator();
Deno.test.afterAll(async () => await simulator[Symbol.asyncDispose]());
yandex(simulator);

realTimeTest(
  "a revoked token costs one error line, and another voice greets callers",
  async () => {
    await using iam = new YandexRestServer();
    iam.oauthTokens.clear();
    using log = new LogLines();
    await using world = await World.start(simulator, {
      ASTERISK_LANG: "ru",
      ASR_PROVIDER: ["yandex"],
      TTS_PROVIDER: ["yandex", "local"],
      OAUTH_TOKEN: "oauth-test",
      YANDEX_FOLDER_ID: "test-folder",
      YANDEX_IAM_ENDPOINT: iam.endpoint,
      TTS_CACHE_MB: 0,
    });
    const { caller } = await world.greeted();
    await caller.hangUp();
    await world.nothingLeft();
    assert.equal(log.errors.length, 1, log.errors.join(""));
    assert.match(log.errors[0]!, /HTTP 401.*get a new OAUTH_TOKEN/);
  },
);
