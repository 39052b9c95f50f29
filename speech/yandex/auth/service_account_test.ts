import assert from "node:assert/strict";
import { YandexRestServer } from "../../../tests/servers/yandex/yandex_rest_server.ts";
import { IamTokens } from "./iam.ts";
import { readServiceAccountKey, serviceAccountIdentity } from "./service_account.ts";

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

Deno.test("a service account's key gets a token, with PS256 and the fields that IAM requires", async () => {
  await using server = new YandexRestServer();
  const key = readServiceAccountKey(await serviceAccount(server), "key.json");
  const tokens = new IamTokens(server.endpoint, serviceAccountIdentity(key));
  assert.equal(await tokens.token(), server.issued[0]);
});

Deno.test("a clock ten minutes off is detected from IAM's answer and compensated", async () => {
  await using server = new YandexRestServer();
  const key = readServiceAccountKey(await serviceAccount(server), "key.json");
  const fast = () => Date.now() + 600_000;
  const tokens = new IamTokens(server.endpoint, serviceAccountIdentity(key), fast);
  assert.equal(await tokens.token(), server.issued[0]);
  assert.equal(server.exchanges, 2);
  assert.equal(await tokens.token(), server.issued[0], "its expiry is read by IAM's clock too");
});

for (
  const [what, text, complaint] of [
    ["is not JSON", "{", /is not JSON/],
    ["holds something else", "null", /has no id/],
    ["lacks its key", '{"id":"a","service_account_id":"b"}', /has no private_key/],
  ] as const
) {
  Deno.test(`a key file that ${what} is reported with its name and what it lacks`, () => {
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
