import assert from "node:assert/strict";
import { settingsWith } from "../../../config/read_settings.ts";
import { YandexGrpcServer } from "../../../tests/servers/yandex/yandex_grpc_server.ts";
import { YandexRestServer } from "../../../tests/servers/yandex/yandex_rest_server.ts";
import { channelTo } from "../../../tests/servers/yandex/yandex_setup.ts";
import { collect, NEVER } from "../../audio_rig.ts";
import { failureOf } from "../../failure.ts";
import { YandexTts } from "../tts/tts.ts";
import { yandexCredentials } from "./credentials.ts";
import { IamTokens } from "./iam.ts";

Deno.test("a user's token is sent with the folder; for a wrong folder the error names the setting to check", async () => {
  await using iam = new YandexRestServer();
  await using server = await YandexGrpcServer.start();
  const speakAs = async (folder: string) => {
    const credentials = yandexCredentials(settingsWith({
      OAUTH_TOKEN: "oauth-test",
      YANDEX_FOLDER_ID: folder,
      YANDEX_IAM_ENDPOINT: iam.endpoint,
    }));
    const bearer = (await credentials.proof()).authorization;
    server.access.allowed.add(bearer);
    server.access.users.add(bearer);
    using channel = channelTo(server, "tts", credentials);
    const tts = new YandexTts(channel, { voice: "jane", role: "", speed: 1 });
    await collect(tts.synthesize("да", { language: "ru", signal: NEVER }));
  };
  await speakAs("test-folder");
  assert.equal(server.ttsRequests[0]!.headers["x-folder-id"], "test-folder");
  await assert.rejects(speakAs("other"), /PERMISSION_DENIED; check YANDEX_FOLDER_ID/);
});

Deno.test("a refused token that should be valid is replaced, and the request may be retried", async () => {
  await using iam = new YandexRestServer();
  let now = Date.now();
  iam.now = () => now;
  await using server = await YandexGrpcServer.start();
  const identity = () => Promise.resolve({ yandexPassportOauthToken: "oauth-test" });
  const tokens = new IamTokens(iam.endpoint, identity, () => now);
  const credentials = yandexCredentials(
    settingsWith({ OAUTH_TOKEN: "x", YANDEX_FOLDER_ID: "test-folder" }),
    tokens,
  );
  const old = await tokens.token();
  now += 60_000;
  using channel = channelTo(server, "tts", credentials);
  const tts = new YandexTts(channel, { voice: "jane", role: "", speed: 1 });
  const speak = () => collect(tts.synthesize("да", { language: "ru", signal: NEVER }));
  await assert.rejects(speak(), (error) => {
    const failure = failureOf(error, "yandex");
    return failure.code === "UNAUTHENTICATED" && failure.retryable;
  });
  assert.notEqual(await tokens.token(), old);
  await assert.rejects(speak(), (error) => {
    const failure = failureOf(error, "yandex");
    return failure.code === "UNAUTHENTICATED" && !failure.retryable && failure.lasting;
  }, "a new token that is refused as well is not retried endlessly");
  assert.equal(iam.exchanges, 2);
});
