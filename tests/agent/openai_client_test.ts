import assert from "node:assert/strict";

const CLIENT = new URL("../../agent/model/openai_client.ts", import.meta.url).href;
const PLANTED = { OPENAI_ORG_ID: "org-planted", OPENAI_PROJECT_ID: "project-planted" };

/** Asks the server in a process whose environment says more of OpenAI's account. */
async function asked(url: string): Promise<void> {
  const script = `
    const { openAiClient } = await import(${JSON.stringify(CLIENT)});
    const settings = { OPENAI_API_KEY: "its-own-key", OPENAI_BASE_URL: ${JSON.stringify(url)} };
    await openAiClient(settings, 10_000).models.list();`;
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", script],
    cwd: import.meta.dirname,
    env: PLANTED,
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
}

Deno.test("a compatible server gets its own key and nothing that the environment says of OpenAI's account", async () => {
  let headers = new Headers();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => {
      headers = request.headers;
      return Response.json({ object: "list", data: [] });
    },
  );
  await asked(`http://127.0.0.1:${server.addr.port}/v1`);
  assert.equal(headers.get("authorization"), "Bearer its-own-key");
  assert.doesNotMatch(JSON.stringify([...headers]), /planted/);
});
