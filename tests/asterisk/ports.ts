// Unused ports of the loopback address.

import { createSocket } from "node:dgram";

const LOOPBACK = "127.0.0.1";

/** A TCP port that was free a moment ago. */
export function freeTcpPort(): number {
  using listener = Deno.listen({ hostname: LOOPBACK, port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

/** A UDP port that was free a moment ago. */
export async function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4");
  const bound = Promise.withResolvers<number>();
  socket.once("error", bound.reject);
  socket.bind(0, LOOPBACK, () => bound.resolve(socket.address().port));
  const port = await bound.promise;
  const closed = Promise.withResolvers<void>();
  socket.close(() => closed.resolve());
  await closed.promise;
  return port;
}
