import assert from "node:assert/strict";
import { API_DOCS_IN_USE, checkAgainstApiDocs } from "../../../asterisk/ari/mod.ts";
import { startSimulator } from "../mod.ts";
import { TestClient } from "../../test_client.ts";

Deno.test("the api-docs describe everything that the service uses of ARI", async () => {
  await using pbx = await startSimulator();
  await using client = new TestClient(pbx);
  const docs: Record<string, unknown> = {};
  for (const name of API_DOCS_IN_USE) {
    docs[name] = (await client.ari("GET", `/api-docs/${name}.json`)).json;
  }
  assert.deepEqual(checkAgainstApiDocs(docs), []);
});
