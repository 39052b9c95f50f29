import assert from "node:assert/strict";
import { probeSpeech } from "./probe.ts";
import { allServers } from "./servers_rig.ts";

Deno.test("doctor tries each configured service and names the fix", async () => {
  await using servers = await allServers();
  const results = [];
  for await (const result of probeSpeech(servers.settings)) results.push(result);
  assert.deepEqual(results.map(({ service, ok }) => [service, ok]), [
    ["yandex recognition", true],
    ["openai recognition", true],
    ["yandex synthesis", true],
    ["yandex-rest synthesis", true],
    ["openai synthesis", true],
  ]);
  servers.grpc.access.allowed.clear();
  servers.openai.sttFaults.always({ kind: "refuse", code: "UNAVAILABLE" });
  servers.openai.ttsFaults.always({ kind: "refuse", code: "UNAVAILABLE" });
  const fixes = [];
  for await (const { ok, fix } of probeSpeech(servers.settings)) if (!ok) fixes.push(fix);
  assert.equal(fixes.length, 4);
  assert.match(fixes[0]!, /UNAUTHENTICATED; check YANDEX_API_KEY/);
  assert.match(fixes[1]!, /HTTP 503/);
});
