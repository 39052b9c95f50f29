// What a PBX, or whatever else listens at its address, may answer to a command.

import assert from "node:assert/strict";
import { TestAri } from "../../../testing/test_ari.ts";
import { AriCommands } from "../commands.ts";
import { AriError } from "../error.ts";

async function failure(command: Promise<unknown>): Promise<AriError> {
  const error = await command.then(() => undefined, (reason: unknown) => reason);
  assert(error instanceof AriError, `expected an AriError, got ${error}`);
  return error;
}

/** A body without an end, and whether its reader has gone. */
function endless(chunk: Uint8Array | undefined) {
  const { promise: left, resolve } = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode("[")),
    pull: (controller) => chunk ? controller.enqueue(chunk) : new Promise(() => {}),
    cancel: () => resolve(),
  });
  return { left, response: new Response(body) };
}

Deno.test("an answer without an end is cut off, and the next command works", async () => {
  await using pbx = new TestAri();
  using ari = await AriCommands.open(pbx.address);
  const { left, response } = endless(new Uint8Array(64 * 1024).fill(0x20));
  pbx.answer = () => response;
  const error = await failure(ari.channels());
  assert.match(error.message, /longer than 8 MB/);
  await left;
  pbx.answer = () => Response.json([]);
  assert.deepEqual(await ari.channels(), []);
});

Deno.test("an answer that comes drop by drop ends with the command's deadline, and lets its connection go", async () => {
  await using pbx = new TestAri();
  using ari = await AriCommands.open(pbx.address);
  const { left, response } = endless(undefined);
  pbx.answer = () => response;
  const error = await failure(ari.channels(AbortSignal.timeout(50)));
  assert.equal(error.kind, "timeout");
  await left;
});

Deno.test("a page, a wrong type, a hostile key or a status of its own is one error of that command", async () => {
  await using pbx = new TestAri();
  using ari = await AriCommands.open(pbx.address);
  const answers = [
    new Response("<html>502 Bad Gateway</html>", { status: 502 }),
    new Response("<html>welcome</html>"),
    new Response("null"),
    new Response(""),
    new Response(" null\n"),
    new Response(null, { status: 204 }),
    new Response('"text"'),
    new Response('{"__proto__":{"polluted":true},"constructor":1}'),
    new Response("[".repeat(200_000)),
    new Response(`${"[".repeat(100_000)}${"]".repeat(100_000)}`),
    Response.json([null]),
    Response.json([{ id: 5 }]),
    Response.json({ message: { toString: 1 } }, { status: 500 }),
    Response.json({ message: "x".repeat(100_000) }, { status: 500 }),
    Response.json({ message: ["a", "list"] }, { status: 404 }),
    new Response(null, { status: 302, headers: { location: "http://127.0.0.1:1/" } }),
  ];
  for (const answer of answers) {
    pbx.answer = () => answer;
    const error = await failure(ari.channels());
    assert.ok(error.message.length < 1000, `${error.message.length} characters`);
  }
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
  pbx.answer = () => Response.json([]);
  assert.deepEqual(await ari.channels(), []);
});
