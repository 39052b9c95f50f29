// A server whose answers never end.

/** A server that answers each request with `chunk` again and again; `left` resolves when its reader goes. */
export function startEndlessServer(chunk: Uint8Array) {
  const { promise: left, resolve } = Promise.withResolvers<void>();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () =>
      new Response(
        new ReadableStream({
          pull: (body) => body.enqueue(chunk.slice()),
          cancel: () => resolve(),
        }),
      ),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    left,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
