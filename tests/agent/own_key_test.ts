import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const ASKER = fileURLToPath(new URL("own_key_fixture.ts", import.meta.url));

/** What belongs to the operator or to other services, in the environment of the bot. */
const OF_OTHERS = {
  OPENAI_ORG_ID: "planted-organization",
  OPENAI_PROJECT_ID: "planted-project",
  OPENAI_CUSTOM_HEADERS: "x-planted: planted-header",
  OPENAI_ADMIN_KEY: "planted-admin-key",
  OPENAI_WEBHOOK_SECRET: "planted-webhook-secret",
  YANDEX_API_KEY: "planted-yandex-key",
  OAUTH_TOKEN: "planted-oauth-token",
  ARI_PASSWORD: "planted-ari-password",
  CONSOLE_TOKEN: "planted-console-token",
};

/** What a server gets that a process asks whose environment holds all of these. */
async function asked(what: string): Promise<string[]> {
  const got: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    got.push(`${request.url}\n${[...request.headers].map((pair) => pair.join(": ")).join("\n")}`);
    return Response.json({ error: { message: "no" } }, { status: 401 });
  });
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "-q", ASKER, what],
    env: {
      ...OF_OTHERS,
      OPENAI_API_KEY: "sk-own",
      OPENAI_BASE_URL: `http://127.0.0.1:${server.addr.port}/v1`,
    },
    stdout: "null",
  }).output();
  await server.shutdown();
  assert.ok(success, new TextDecoder().decode(stderr));
  return got;
}

for (const what of ["model", "embeddings", "voice", "recognition"]) {
  Deno.test(`a server of ${what} gets its own key, and nothing that belongs to others`, async () => {
    const requests = await asked(what);
    assert.ok(requests.length > 0, "it was asked");
    for (const request of requests) {
      assert.match(request, /^authorization: Bearer sk-own$/m);
      assert.doesNotMatch(request, /planted/);
    }
  });
}
