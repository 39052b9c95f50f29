// The inner side of an isolate: readiness, heartbeat, shutdown and injected faults, the same for
// every kind.

import { parentPort, workerData } from "node:worker_threads";
import { configureLogging } from "../config/logging.ts";
import type { FaultKind, FromIsolate, IsolateData, ToIsolate } from "./messages.ts";

/** What one kind of isolate does. */
export interface IsolateBody<Out> {
  /** A message other than the ones every isolate understands. */
  onMessage(message: Out): void;
  /** Asked to end: finish within the supervisor's deadline. The isolate ends when this settles. */
  onShutdown(): Promise<void>;
}

/** The isolate's way to speak to its owner. */
export type Send<In> = (message: In) => void;

/**
 * Runs an isolate's body: `start` initialises it, and only then is the isolate ready.
 * An error thrown by `start` ends the isolate (`crash`).
 */
export async function runIsolate<
  Out extends { readonly kind: string },
  In,
  Data extends IsolateData = IsolateData,
>(
  start: (data: Data, send: Send<In>, done: () => void) => Promise<IsolateBody<Out>>,
): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error("an isolate's entry point runs in a worker, not by itself");
  const data = workerData as Data;
  configureLogging(data.settings.LOG_LEVEL);
  const tell = (message: FromIsolate) => port.postMessage(message);
  const send: Send<In> = (message) => port.postMessage(message);
  const body = await start(data, send, () => tell({ kind: "done" }));
  const handle = (message: ToIsolate | Out) => {
    switch (message.kind) {
      case "ping":
        tell({ kind: "pong", seq: (message as Extract<ToIsolate, { kind: "ping" }>).seq });
        break;
      case "shutdown":
        void body.onShutdown().finally(() => tell({ kind: "done" }));
        break;
      case "fault":
        void dieOf((message as Extract<ToIsolate, { kind: "fault" }>).fault, tell);
        break;
      default:
        body.onMessage(message as Out);
    }
  };
  // Not in the handler itself: measured on Deno 2.9.6, a heap overflow there gives neither an
  // error nor an exit, and only the missing heartbeat tells of it.
  port.on("message", (message: ToIsolate | Out) => void setImmediate(handle, message));
  tell({ kind: "ready" });
}

/**
 * Ends this isolate with an error. Thrown in a turn of the event loop of its own: measured on Deno
 * 2.9.6, an error thrown in the handler of a closing socket is printed, and the worker lives on.
 */
export function crash(error: Error): void {
  setImmediate(() => {
    throw error;
  });
}

async function dieOf(fault: FaultKind, tell: (message: FromIsolate) => void): Promise<void> {
  // No start of an isolate shall wait for what is hardly ever used.
  const { die } = await import("./injected_fault.ts");
  die(fault, () => tell({ kind: "struck", at: Date.now() }));
}
