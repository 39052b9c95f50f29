import assert from "node:assert/strict";
import { settingsWith } from "../../../config/read_settings.ts";
import { YandexRestServer } from "../../../tests/servers/yandex/yandex_rest_server.ts";
import { YandexGrpcServer } from "../../../tests/servers/yandex/yandex_grpc_server.ts";
import { channelTo } from "../../../tests/servers/yandex/yandex_setup.ts";
import { failureOf, ServiceFailure } from "../../failure.ts";
import { yandexCredentials } from "./credentials.ts";
import { IamTokens } from "./iam.ts";
import { readServiceAccountKey, serviceAccountIdentity } from "./service_account.ts";
import { YandexTts } from "../tts/tts.ts";

const OAUTH = () => Promise.resolve({ yandexPassportOauthToken: "oauth-test" });
const HOUR = 3_600_000;

function manualClock() {
  const clock = { now: Date.now(), read: () => clock.now };
  return clock;
}

/** A service account the server knows, and its key file's text as `yc` writes it. */
async function serviceAccount(server: YandexRestServer): Promise<string> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(
    {
      name: "RSA-PSS",
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: "SHA-256",
    },
    true,
    ["sign", "verify"],
  );
  server.keys.set("key-1", { serviceAccountId: "account-1", publicKey });
  const der = new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey)).toBase64();
  const pem = `-----BEGIN PRIVATE KEY-----\n${
    der.replace(/.{64}/g, "$&\n")
  }\n-----END PRIVATE KEY-----\n`;
  return JSON.stringify({
    id: "key-1",
    service_account_id: "account-1",
    key_algorithm: "RSA_2048",
    private_key: `PLEASE DO NOT REMOVE THIS LINE! Yandex.Cloud SA Key ID <key-1>\n${pem}`,
  });
}

Deno.test("a hundred callers at once cost one exchange with IAM", async () => {
  await using server = new YandexRestServer();
  const tokens = new IamTokens(server.endpoint, OAUTH);
  const got = await Promise.all(Array.from({ length: 100 }, () => tokens.token()));
  assert.deepEqual([new Set(got).size, server.exchanges], [1, 1]);
});

Deno.test("a token is renewed early, in the background, while the old one serves", async () => {
  await using server = new YandexRestServer();
  const clock = manualClock();
  server.now = clock.read;
  const tokens = new IamTokens(server.endpoint, OAUTH, clock.read);
  const first = await tokens.token();
  clock.now += HOUR - 1;
  assert.equal(await tokens.token(), first);
  assert.equal(server.exchanges, 1);
  clock.now += 1;
  assert.equal(await tokens.token(), first, "nobody waits for the renewal");
  while ((await tokens.token()) === first) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.equal(server.exchanges, 2);
});

Deno.test("a short-lived token is renewed before its end, and never used after it", async () => {
  await using server = new YandexRestServer();
  const clock = manualClock();
  server.now = clock.read;
  server.tokenLifeMs = 600_000;
  const tokens = new IamTokens(server.endpoint, OAUTH, clock.read);
  const first = await tokens.token();
  clock.now += 600_000;
  assert.notEqual(await tokens.token(), first);
});

Deno.test("IAM down while a token is valid: calls go on", async () => {
  await using server = new YandexRestServer();
  const clock = manualClock();
  server.now = clock.read;
  const tokens = new IamTokens(server.endpoint, OAUTH, clock.read);
  const first = await tokens.token();
  clock.now += 2 * HOUR;
  server.iamFaults.always({ kind: "refuse", code: "UNAVAILABLE" });
  assert.equal(await tokens.token(), first);
  while (server.exchanges < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.equal(await tokens.token(), first);
});

Deno.test("a revoked OAuth token is one clear error, and IAM is not asked again for each call", async () => {
  await using server = new YandexRestServer();
  server.oauthTokens.clear();
  const tokens = new IamTokens(server.endpoint, OAUTH);
  for (let i = 0; i < 5; i++) {
    await assert.rejects(tokens.token(), (error: ServiceFailure) => {
      assert.match(error.message, /HTTP 401.*OAUTH_TOKEN/);
      assert.ok(error.lasting && !error.message.includes("oauth-test"));
      return true;
    });
  }
  assert.equal(server.exchanges, 1);
});

Deno.test("a service account's key gets a token: PS256, the fields IAM requires", async () => {
  await using server = new YandexRestServer();
  const key = readServiceAccountKey(await serviceAccount(server), "key.json");
  const tokens = new IamTokens(server.endpoint, serviceAccountIdentity(key));
  assert.equal(await tokens.token(), server.issued[0]);
});

Deno.test("a clock ten minutes off is found out from IAM's answer and made up for", async () => {
  await using server = new YandexRestServer();
  const key = readServiceAccountKey(await serviceAccount(server), "key.json");
  const fast = () => Date.now() + 600_000;
  const tokens = new IamTokens(server.endpoint, serviceAccountIdentity(key), fast);
  assert.equal(await tokens.token(), server.issued[0]);
  assert.equal(server.exchanges, 2);
  assert.equal(await tokens.token(), server.issued[0], "its end is told by IAM's clock, too");
});

for (
  const [what, text, complaint] of [
    ["is not JSON", "{", /is not JSON/],
    ["is of something else", "null", /has no id/],
    ["lacks its key", '{"id":"a","service_account_id":"b"}', /has no private_key/],
  ] as const
) {
  Deno.test(`a key file that ${what} is named with what it lacks`, () => {
    assert.throws(
      () => readServiceAccountKey(text, "key.json"),
      (error: Error) =>
        complaint.test(error.message) &&
        /YANDEX_SERVICE_ACCOUNT_KEY_FILE key.json/.test(error.message),
    );
  });
}

Deno.test("a key cut in half is reported without being shown", async () => {
  const half = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----";
  const identity = serviceAccountIdentity({ id: "a", service_account_id: "b", private_key: half });
  await assert.rejects(
    identity(Date.now()),
    (error: Error) => /not a whole RSA key/.test(error.message) && !error.message.includes("MIIE"),
  );
});

Deno.test("a user's token goes with the folder; a wrong folder names the setting to check", async () => {
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
    const { signal } = new AbortController();
    for await (const _ of tts.synthesize("да", { language: "ru", signal }));
  };
  await speakAs("test-folder");
  assert.equal(server.ttsRequests[0]!.headers["x-folder-id"], "test-folder");
  await assert.rejects(speakAs("other"), /PERMISSION_DENIED; check YANDEX_FOLDER_ID/);
});

Deno.test("a token refused though it should be valid is replaced, and the request may be tried again", async () => {
  await using iam = new YandexRestServer();
  const clock = manualClock();
  iam.now = clock.read;
  await using server = await YandexGrpcServer.start();
  const tokens = new IamTokens(iam.endpoint, OAUTH, clock.read);
  const credentials = yandexCredentials(
    settingsWith({ OAUTH_TOKEN: "x", YANDEX_FOLDER_ID: "test-folder" }),
    tokens,
  );
  const old = await tokens.token();
  clock.now += 60_000;
  using channel = channelTo(server, "tts", credentials);
  const tts = new YandexTts(channel, { voice: "jane", role: "", speed: 1 });
  const { signal } = new AbortController();
  const speak = async () => {
    for await (const _ of tts.synthesize("да", { language: "ru", signal }));
  };
  await assert.rejects(speak(), (error) => {
    const failure = failureOf(error, "yandex");
    return failure.code === "UNAUTHENTICATED" && failure.retryable;
  });
  assert.notEqual(await tokens.token(), old);
  await assert.rejects(speak(), (error) => {
    const failure = failureOf(error, "yandex");
    return failure.code === "UNAUTHENTICATED" && !failure.retryable && failure.lasting;
  }, "a new token refused as well is not tried for ever");
  assert.equal(iam.exchanges, 2);
});
