import assert from "node:assert/strict";
import { once } from "node:events";
import { TcpStream } from "./tcp_stream.ts";

/** Both ends of a connection. */
async function connected() {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  const [stream, far] = await Promise.all([TcpStream.connect(hostname, port), listener.accept()]);
  return { stream, far };
}

Deno.test("what is written arrives in order and whole, and ending it is the far end's end", async () => {
  const { stream, far } = await connected();
  const long = "x".repeat(1_000_000);
  stream.write("first ");
  stream.cork();
  stream.write("second ");
  stream.write(long);
  stream.uncork();
  stream.end(" last");
  stream.resume();
  assert.equal(await new Response(far.readable).text(), `first second ${long} last`);
  await once(stream, "close");
});

Deno.test("what is read stays as it was when more arrives", async () => {
  const { stream, far } = await connected();
  using _far = far;
  const pieces: Uint8Array[] = [];
  for (const piece of ["one", "two", "three"]) {
    await far.write(new TextEncoder().encode(piece));
    pieces.push((await once(stream, "data"))[0]);
  }
  assert.deepEqual(pieces.map(String), ["one", "two", "three"]);
  stream.destroy();
  await once(stream, "close");
});

Deno.test("when the far end ends, so does this one", async () => {
  const { stream, far } = await connected();
  stream.resume();
  far.close();
  await once(stream, "end");
  await once(stream, "close");
  assert.equal(stream.errored, null);
});

Deno.test("what is written to a far end that is gone is an error", async () => {
  const { stream, far } = await connected();
  far.close();
  const failed = once(stream, "error");
  const writing = setInterval(() => stream.write("anybody?"), 5);
  const [error] = await failed;
  clearInterval(writing);
  assert.match(error.name, /BrokenPipe|ConnectionReset/);
  assert.ok(stream.destroyed);
});

Deno.test("a far end that does not read makes what waits grow, and leaving lets go of it", async () => {
  const { stream, far } = await connected();
  using _far = far;
  // Far more than the system takes for a reader that never reads.
  stream.write(new Uint8Array(64_000_000));
  stream.write(new Uint8Array(1000));
  assert.ok(stream.writableLength >= 1000);
  stream.destroy();
  await once(stream, "close");
});
