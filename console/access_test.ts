import assert from "node:assert/strict";

import { Hono } from "hono";

import { type ConsoleAccess, guard, LOCAL_ACCESS } from "./access.ts";

const TOKEN = "a-token-of-a-test-1234";

/** Asks a console with these settings, whose every path answers "in". */
async function ask(
  path: string,
  init: RequestInit & { headers?: Record<string, string> } = {},
  access: Partial<ConsoleAccess> = {},
): Promise<Response> {
  const app = new Hono();
  app.use(...guard({ ...LOCAL_ACCESS, ...access }));
  app.all("*", async (c) => c.text(`in ${(await c.req.text()).length}`));
  const { host = "127.0.0.1:9000" } = init.headers ?? {};
  return await app.request(`http://${host}${path}`, init);
}

Deno.test("a web page that gives our address a name of its own learns nothing", async () => {
  for (
    const host of ["evil.example:9000", "127.0.0.1.evil.example", "localhost.evil", "10.0.0.5"]
  ) {
    const response = await ask("/api/calls", { headers: { host } });
    assert.equal(response.status, 421, host);
    assert.match(await response.text(), /CONSOLE_ALLOWED_HOSTS/);
  }
});

Deno.test("the operator is let in by every name of the machine itself, over any tunnel's port", async () => {
  for (const host of ["localhost:9001", "127.0.0.1", "[::1]:9000", "LOCALHOST"]) {
    assert.equal((await ask("/api/calls", { headers: { host } })).status, 200, host);
  }
  const headers = { host: "pbx.example:9000" };
  assert.equal((await ask("/live", { headers })).status, 421);
  assert.equal((await ask("/live", { headers }, { allowedHosts: ["PBX.example"] })).status, 200);
  assert.equal((await ask("/live", { headers }, { host: "pbx.example" })).status, 200);
});

Deno.test("a request that a page of another site makes is refused", async () => {
  const foreign: Record<string, string>[] = [
    { origin: "http://evil.example" },
    { origin: "null" },
    { origin: "http://127.0.0.1:8080", host: "127.0.0.1:9000" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ];
  for (const headers of foreign) {
    assert.equal((await ask("/api/calls", { headers })).status, 403, JSON.stringify(headers));
  }
  const own = { host: "127.0.0.1:9000", origin: "http://127.0.0.1:9000" };
  assert.equal(
    (await ask("/api/calls", { headers: { ...own, "sec-fetch-site": "same-origin" } })).status,
    200,
  );
});

Deno.test("what a form of another site can send is no command", async () => {
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""]) {
    const headers: Record<string, string> = type ? { "content-type": type } : {};
    const response = await ask("/api/engine/fault", { method: "POST", body: "{}", headers });
    assert.equal(response.status, 415, type);
  }
  const headers = { "content-type": "application/json; charset=utf-8" };
  const sent = (body: string) => ask("/x", { method: "POST", body, headers });
  assert.equal((await sent("{}")).status, 200);
  assert.equal((await sent(" ".repeat(1025))).status, 413);
});

Deno.test("with CONSOLE_TOKEN only who has it reads calls; health stays open", async () => {
  const access = { token: TOKEN };
  const status = async (path: string, authorization?: string, more: Partial<ConsoleAccess> = {}) =>
    (await ask(path, { headers: authorization ? { authorization } : {} }, { ...access, ...more }))
      .status;
  assert.equal(await status("/api/calls"), 401);
  assert.equal(await status("/api/calls", `Bearer ${TOKEN}x`), 401);
  assert.equal(await status("/api/calls", `Basic ${TOKEN}`), 401);
  assert.equal(await status("/api/calls", `bearer ${TOKEN}`), 200);
  for (const path of ["/live", "/ready", "/metrics"]) assert.equal(await status(path), 200, path);
  const outside = { host: "192.0.2.7", allowedHosts: ["127.0.0.1"] };
  assert.equal(await status("/metrics", undefined, outside), 401);
  assert.equal(await status("/metrics", `Bearer ${TOKEN}`, outside), 200);
});

Deno.test("every answer, a refusal too, is kept by nobody and runs nothing", async () => {
  for (const host of ["127.0.0.1", "evil.example"]) {
    const { headers } = await ask("/api/calls", { headers: { host } });
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'/);
    assert.equal(headers.get("cross-origin-resource-policy"), "same-origin");
  }
});
