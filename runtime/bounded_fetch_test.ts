import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { AnswerTooLargeError, boundedFetch, isTooLarge } from "./bounded_fetch.ts";

/** A server that answers as `answer` says, and the Authorization headers that it has seen. */
function serverOf(answer: () => Response) {
  const keys: (string | null)[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    keys.push(request.headers.get("authorization"));
    return answer();
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    keys,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("an answer up to the bound arrives whole, with its status and headers", async () => {
  await using server = serverOf(() =>
    new Response("x".repeat(1000), { status: 202, headers: { "x-planted": "1" } })
  );
  const response = await boundedFetch(1000)(server.url);
  assert.equal(response.status, 202);
  assert.equal(response.headers.get("x-planted"), "1");
  assert.equal((await response.text()).length, 1000);
});

Deno.test("an answer that never ends breaks off at the bound, and the server may stop sending", async () => {
  const cancelled = Promise.withResolvers<void>();
  await using server = serverOf(() =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(1000)),
        cancel: () => cancelled.resolve(),
      }),
    )
  );
  const response = await boundedFetch(10_000)(server.url);
  await assert.rejects(response.text(), AnswerTooLargeError);
  await cancelled.promise;
  assert.ok(isTooLarge(new Error("outer", { cause: new AnswerTooLargeError(1) })));
  assert.ok(!isTooLarge(new Error("outer")));
});

Deno.test("what is sent to a service never follows a redirect to another host", async () => {
  await using other = serverOf(() => new Response("ok"));
  await using server = serverOf(() => Response.redirect(other.url, 307));
  const init = { method: "POST", headers: { authorization: "Bearer planted" }, body: "{}" };
  await assert.rejects(boundedFetch(1000)(server.url, init), TypeError);
  assert.deepEqual(server.keys, ["Bearer planted"]);
  assert.deepEqual(other.keys, []);
});

Deno.test("an answer that is no longer wanted ends its connection, whatever the garbage collector has taken", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage: () => void = runInNewContext("gc");
  const closed = Promise.withResolvers<"closed">();
  const endless = new ReadableStream<Uint8Array>({
    pull: async (body) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      body.enqueue(new Uint8Array(100));
    },
    cancel: () => closed.resolve("closed"),
  });
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(endless),
  );
  const abort = new AbortController();
  const { body } = await boundedFetch(1e9)(`http://127.0.0.1:${server.addr.port}/`, {
    signal: abort.signal,
  });
  const reader = body!.getReader();
  await reader.read();
  collectGarbage();
  abort.abort();
  // Pieces that had come before the abort may still be read, endless ones may not.
  const readOn = async () => {
    for (let piece = 0; piece < 500; piece++) await reader.read();
  };
  const end = await readOn().then(() => "read on", (error: Error) => error.name);
  if (end === "read on") await reader.cancel();
  assert.equal(end, "AbortError");
  assert.equal(await closed.promise, "closed");
});
