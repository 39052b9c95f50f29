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

Deno.test("writes arrive whole and in order, and ending the stream ends the peer's", async () => {
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

Deno.test("a chunk that was read stays unchanged when more arrives", async () => {
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

Deno.test("the stream ends when the peer does", async () => {
  const { stream, far } = await connected();
  stream.resume();
  far.close();
  await once(stream, "end");
  await once(stream, "close");
  assert.equal(stream.errored, null);
});

Deno.test("writing to a peer that is gone is an error", async () => {
  const { stream, far } = await connected();
  far.close();
  const failed = once(stream, "error");
  const writing = setInterval(() => stream.write("anybody?"), 5);
  const [error] = await failed;
  clearInterval(writing);
  assert.match(error.name, /BrokenPipe|ConnectionReset/);
  assert.ok(stream.destroyed);
});

Deno.test("writes to a peer that does not read queue up, and destroying the stream drops them", async () => {
  const { stream, far } = await connected();
  using _far = far;
  // Far more than the kernel buffers for a peer that never reads.
  stream.write(new Uint8Array(64_000_000));
  stream.write(new Uint8Array(1000));
  assert.ok(stream.writableLength >= 1000);
  stream.destroy();
  await once(stream, "close");
});
