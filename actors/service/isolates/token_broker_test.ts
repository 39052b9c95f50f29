import assert from "node:assert/strict";
import { PromptsFile } from "../../../config/prompts.ts";
import { settingsWith } from "../../../config/read_settings.ts";
import { ServiceFailure } from "../../../speech/failure.ts";
import { LogLines } from "../../../testing/log_lines.ts";
import { YandexGrpcServer } from "../../../tests/servers/yandex/yandex_grpc_server.ts";
import { YandexRestServer } from "../../../tests/servers/yandex/yandex_rest_server.ts";
import { RemoteTokens } from "../../call/remote/remote_tokens.ts";
import type { FromCall, TokenQuestion } from "../../messages.ts";
import { noMetrics } from "../metrics.ts";
import { CallIsolates } from "./call_isolates.ts";
import { TokenBroker } from "./token_broker.ts";

/** Settings with a user's OAuth token, and with IAM on this machine. */
function ofUser({ endpoint }: YandexRestServer) {
  return settingsWith({
    ASR_PROVIDER: ["yandex"],
    TTS_PROVIDER: ["yandex"],
    TTS_CACHE_MB: 0,
    OAUTH_TOKEN: "oauth-test",
    YANDEX_FOLDER_ID: "test-folder",
    YANDEX_IAM_ENDPOINT: endpoint,
  });
}

/** The call isolates' ends of the broker, joined to it as messages join them. */
function joined(broker: TokenBroker, calls: number): RemoteTokens[] {
  return Array.from({ length: calls }, () => {
    const tokens: RemoteTokens = new RemoteTokens((message) => {
      const { seq, question } = structuredClone(message) as Extract<FromCall, { kind: "token" }>;
      void broker.answer(question).then((answer) => tokens.answered(seq, structuredClone(answer)));
    });
    return tokens;
  });
}

Deno.test("twenty simultaneous calls cost one exchange with IAM", async () => {
  await using iam = new YandexRestServer();
  const calls = joined(TokenBroker.of(ofUser(iam)), 20);
  const tokens = await Promise.all(calls.map((call) => call.token()));
  assert.deepEqual(new Set(tokens), new Set(["t1.test-1"]));
  assert.equal(iam.exchanges, 1);
});

Deno.test("a token that the service refused early in its life is not exchanged again by each call", async () => {
  await using iam = new YandexRestServer();
  const calls = joined(TokenBroker.of(ofUser(iam)), 20);
  const token = await calls[0]!.token();
  const again = await Promise.all(calls.map((call) => call.refused(token)));
  assert.ok(again.every((one) => !one), "a new token would be refused as well");
  assert.equal(await calls[1]!.refused("t1.of-yesterday"), true);
  assert.equal(iam.exchanges, 1);
});

Deno.test("a revoked token is one error line that names the setting, however many calls need it", async () => {
  await using iam = new YandexRestServer();
  iam.oauthTokens.clear();
  using log = new LogLines();
  for (const call of joined(TokenBroker.of(ofUser(iam)), 20)) {
    await assert.rejects(call.token(), (error: ServiceFailure) => {
      assert.ok(error instanceof ServiceFailure && error.lasting);
      return /HTTP 401.*new OAUTH_TOKEN/.test(error.message);
    });
  }
  assert.equal(log.errors.length, 1, log.errors.join(""));
  assert.match(log.errors[0]!, /HTTP 401.*new OAUTH_TOKEN/);
  assert.ok(!log.errors[0]!.includes("oauth-test"));
  assert.equal(iam.exchanges, 1);
});

Deno.test("a service thread that does not answer is a failure in time, and a late answer does no harm", async () => {
  const asked: TokenQuestion[] = [];
  const tokens = new RemoteTokens((message) => {
    if (message.kind === "token") asked.push(message.question);
  }, 20);
  await assert.rejects(
    tokens.token(),
    (error: ServiceFailure) => error.code === "SILENT" && !error.lasting,
  );
  tokens.answered(1, { what: "token", token: "late" });
  assert.deepEqual(asked, [{ what: "token" }]);
});

Deno.test("with an API key nobody needs a token, and whoever asks for one is told what to set", async () => {
  const broker = TokenBroker.of(settingsWith({ ASR_PROVIDER: ["yandex"], YANDEX_API_KEY: "key" }));
  using _log = new LogLines();
  const answer = await broker.answer({ what: "token" });
  assert.ok(answer.what === "failed" && /OAUTH_TOKEN/.test(answer.failure.cure));
});

Deno.test({
  name: "twenty call isolates log in to Yandex with one exchange",
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using iam = new YandexRestServer();
    await using speechKit = await YandexGrpcServer.start();
    const settings = {
      ...ofUser(iam),
      CALL_POOL_SIZE: 20,
      YANDEX_STT_ENDPOINT: speechKit.endpoint,
      YANDEX_TTS_ENDPOINT: speechKit.endpoint,
    };
    const answered = Promise.withResolvers<void>();
    const broker = TokenBroker.of(settings);
    let answers = 0;
    const counting = {
      answer: async (question: TokenQuestion) => {
        const answer = await broker.answer(question);
        assert.equal(answer.what, "token");
        if (++answers === 40) answered.resolve();
        return answer;
      },
    };
    await using isolates = new CallIsolates({
      settings,
      module: new URL("../../call/main.ts", import.meta.url),
      promptsFile: await PromptsFile.open(settings),
      engine: { attach: () => undefined },
      metrics: noMetrics,
      tokens: counting,
    });
    void isolates.fill();
    await answered.promise;
    assert.equal(isolates.size, 20);
    assert.equal(iam.exchanges, 1);
  },
});
