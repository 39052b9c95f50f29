import assert from "node:assert/strict";
import { eventually } from "../../../testing/eventually.ts";
import { startEndlessServer } from "../../../tests/servers/endless_server.ts";
import { YandexRestServer } from "../../../tests/servers/yandex/yandex_rest_server.ts";
import type { ServiceFailure } from "../../failure.ts";
import { IamTokens } from "./iam.ts";

const OAUTH = () => Promise.resolve({ yandexPassportOauthToken: "oauth-test" });
const HOUR = 3_600_000;

function manualClock() {
  const clock = { now: Date.now(), read: () => clock.now };
  return clock;
}

Deno.test("a hundred callers at once cost one exchange with IAM", async () => {
  await using server = new YandexRestServer();
  const tokens = new IamTokens(server.endpoint, OAUTH);
  const got = await Promise.all(Array.from({ length: 100 }, () => tokens.token()));
  assert.deepEqual([new Set(got).size, server.exchanges], [1, 1]);
});

Deno.test("an answer of IAM that never ends is cut off", async () => {
  await using server = startEndlessServer(new Uint8Array(16_384).fill(0x20));
  const tokens = new IamTokens(server.url, OAUTH);
  await assert.rejects(tokens.token(), /more than 100000 bytes/);
  await server.left;
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
  await eventually(async () => (await tokens.token()) !== first, "the token is renewed");
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

Deno.test("calls continue while IAM is down and the token is still valid", async () => {
  await using server = new YandexRestServer();
  const clock = manualClock();
  server.now = clock.read;
  const tokens = new IamTokens(server.endpoint, OAUTH, clock.read);
  const first = await tokens.token();
  clock.now += 2 * HOUR;
  server.iamFaults.always({ kind: "refuse", code: "UNAVAILABLE" });
  assert.equal(await tokens.token(), first);
  await eventually(() => server.exchanges >= 2, "a renewal is tried");
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
