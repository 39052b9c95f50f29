import assert from "node:assert/strict";

import { Hono } from "hono";

import { ConsoleError, startConsole } from "./server.ts";

const ANY_PORT = { hostname: "127.0.0.1", port: 0 };

Deno.test("the console answers at the address it says, over real HTTP", async () => {
  const app = new Hono().get("/live", (c) => c.json({ live: true }));
  await using running = await startConsole(app, ANY_PORT);
  assert.match(running.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  const response = await fetch(`${running.url}/live`);
  assert.deepEqual(await response.json(), { live: true });
});

Deno.test("a port in use is named, with what to do", async () => {
  await using first = await startConsole(new Hono(), ANY_PORT);
  const port = Number(new URL(first.url).port);
  await assert.rejects(
    () => startConsole(new Hono(), { hostname: "127.0.0.1", port }),
    (error) =>
      error instanceof ConsoleError &&
      error.message.includes(`127.0.0.1:${port}`) && error.message.includes("CONSOLE_PORT"),
  );
});

Deno.test("an address of another machine is named, with what to do", async () => {
  await assert.rejects(
    () => startConsole(new Hono(), { hostname: "192.0.2.1", port: 0 }),
    (error) => error instanceof ConsoleError && error.message.includes("CONSOLE_HOST"),
  );
});

Deno.test("a request under way when the console stops gets its answer", async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const app = new Hono().get("/slow", async (c) => {
    asked.resolve();
    await answer.promise;
    return c.text("done");
  });
  const running = await startConsole(app, ANY_PORT);
  const response = fetch(`${running.url}/slow`);
  await asked.promise;
  const stopped = running[Symbol.asyncDispose]();
  answer.resolve();
  assert.equal(await (await response).text(), "done");
  await stopped;
  await assert.rejects(() => fetch(running.url));
});

Deno.test("a client that never reads its answer does not keep the console from stopping", async () => {
  const asked = Promise.withResolvers<void>();
  const app = new Hono().get("/endless", () => {
    asked.resolve();
    return new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
      }),
    );
  });
  const running = await startConsole(app, ANY_PORT, { graceMs: 50 });
  const { hostname, port } = new URL(running.url);
  using client = await Deno.connect({ hostname, port: Number(port) });
  await client.write(new TextEncoder().encode("GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  await asked.promise;
  await running[Symbol.asyncDispose]();
  await assert.rejects(() => fetch(running.url));
});

Deno.test("the console does not wait for a client that left in the middle of its answer", async () => {
  const app = new Hono().get("/slow", () => {
    const first = new Uint8Array(65_536);
    return new Response(new ReadableStream({ start: (controller) => controller.enqueue(first) }));
  });
  const running = await startConsole(app, ANY_PORT, { graceMs: 60_000 });
  const response = await fetch(`${running.url}/slow`);
  await response.body?.cancel();
  await running[Symbol.asyncDispose]();
});

Deno.test("clients that hold connections are bounded, and cannot keep others out for long", async () => {
  const app = new Hono().get("/live", (c) => c.text("alive"));
  await using running = await startConsole(app, ANY_PORT, { connections: 8, headMs: 100 });
  const port = Number(new URL(running.url).port);
  const held: Deno.TcpConn[] = [];
  try {
    // The first eight get a place and send half a head; the others are closed unanswered.
    for (let n = 0; n < 40; n++) {
      const client = await Deno.connect({ hostname: "127.0.0.1", port });
      held.push(client);
      await client.write(new TextEncoder().encode("GET /live HTTP/1.1\r\nHo")).catch(() => 0);
    }
    // All are let go: refused at once, or when their head is late.
    await Promise.all(held.map(async (client) => {
      const rest = new Uint8Array(512);
      while (await client.read(rest).catch(() => null) !== null);
    }));
    assert.equal(await (await fetch(`${running.url}/live`)).text(), "alive");
  } finally {
    for (const client of held) client.close();
  }
});
