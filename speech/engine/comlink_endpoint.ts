// Comlink's adapter for worker_threads ports, correctly typed.

import type { Endpoint } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";

/** The part of a MessagePort, a Worker or `parentPort` that Comlink uses. */
export interface WorkerPort {
  postMessage(message: unknown): void;
  on(event: "message", listener: (message: unknown) => void): unknown;
  off(event: "message", listener: (message: unknown) => void): unknown;
}

/** Its declaration is for CommonJS and hides that it is a function. */
const adapt = nodeEndpoint as unknown as (port: WorkerPort) => Endpoint;

/** An endpoint for `Comlink.wrap` and `Comlink.expose`. */
export function comlinkEndpoint(port: WorkerPort): Endpoint {
  return adapt(port);
}
