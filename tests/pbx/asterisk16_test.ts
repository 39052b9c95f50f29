// The differences of Asterisk 16.28, the oldest supported release.

import assert from "node:assert/strict";
import { API_DOCS_IN_USE, AriCommands, checkAgainstApiDocs } from "../../asterisk/ari/mod.ts";
import { startTestbed } from "../asterisk/testbed.ts";

const pbx = await startTestbed({ release: "16" });
Deno.test.afterAll(async () => await pbx[Symbol.asyncDispose]());

/** Modules of the sample configuration that later releases introduced. */
const LATER = [
  ...["app_audiosocket.so", "chan_audiosocket.so", "chan_websocket.so", "func_uuid.so"],
  ...["res_audiosocket.so", "res_websocket_client.so"],
];

Deno.test("the sample configuration loads, with complaints only about modules that 16 lacks", async () => {
  const complaints = (await pbx.log()).split("\n").filter((line) =>
    / (WARNING|ERROR)\[/.test(line)
  );
  const missing = complaints.map((line) => /Error loading module '(\w+\.so)'/.exec(line)?.[1]);
  assert.deepEqual(missing.toSorted(), LATER, complaints.join("\n"));
});

Deno.test("ARI lacks only the parameters of newer transports", async () => {
  using ari = await AriCommands.open({
    url: pbx.env.ARI_HTTP_URL,
    user: pbx.env.ARI_USER,
    password: pbx.env.ARI_PASSWORD,
  });
  const docs: Record<string, unknown> = {};
  for (const resource of API_DOCS_IN_USE) docs[resource] = await ari.apiDocs(resource);
  assert.deepEqual(checkAgainstApiDocs(docs), [
    "channels.externalMedia: no parameter transport_data",
    "channels.externalMedia: no parameter data",
  ]);
});
