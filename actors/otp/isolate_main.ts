// The inside of an isolate, the same for every kind: readiness, heartbeat, shutdown and injected
// faults.

import { parentPort, workerData } from "node:worker_threads";
import { configureLogging } from "../../config/logging.ts";
import type { Envelope, FaultKind, FromIsolate, IsolateData, ToIsolate } from "./control.ts";

/** What one kind of isolate does. */
export interface IsolateBody<Out> {
  /** A message of the product: control messages are handled here. */
  onMessage(message: Out): void;
  /** Finish within the supervisor's deadline: the isolate ends when this settles. */
  onShutdown(): Promise<void>;
}

/** Sends a message to the isolate's owner. */
export type Send<In> = (message: In) => void;

/**
 * Runs an isolate's body. `start` initialises it, and the isolate is ready once it has; an error that
 * `start` throws ends the isolate (`crash`). A body with nothing left to do calls `done`.
 */
export async function runIsolate<Out, In, Data extends IsolateData = IsolateData>(
  start: (data: Data, send: Send<In>, done: () => void) => Promise<IsolateBody<Out>>,
): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error("an isolate's entry point runs in a worker, not by itself");
  const data = workerData as Data;
  configureLogging(data.logLevel, data.logFormat);
  const post = (envelope: Envelope<FromIsolate, In>) => port.postMessage(envelope);
  const tell = (control: FromIsolate) => post({ control });
  const body = await start(data, (message) => post({ message }), () => tell({ kind: "done" }));
  const handle = (envelope: Envelope<ToIsolate, Out>) => {
    if ("message" in envelope) return body.onMessage(envelope.message);
    const { control } = envelope;
    switch (control.kind) {
      case "ping":
        tell({ kind: "pong", seq: control.seq });
        break;
      case "shutdown":
        void body.onShutdown().finally(() => tell({ kind: "done" }));
        break;
      case "fault":
        void dieOf(control.fault, tell);
    }
  };
  // Not in the event handler itself: on Deno 2.9.6 a heap overflow there raises neither an error nor
  // an exit event, and only the missing heartbeat reveals it.
  port.on("message", (envelope: Envelope<ToIsolate, Out>) => void setImmediate(handle, envelope));
  tell({ kind: "ready" });
}

/**
 * Ends this isolate with an error, thrown in an event-loop turn of its own: measured on Deno 2.9.6,
 * an error thrown in the handler of a closing socket is printed, and the worker lives on.
 */
export function crash(error: Error): void {
  setImmediate(() => {
    throw error;
  });
}

async function dieOf(fault: FaultKind, tell: (message: FromIsolate) => void): Promise<void> {
  // Loaded lazily: rarely used, and isolate start-up is on a caller's critical path.
  const { die } = await import("./injected_fault.ts");
  die(fault, () => tell({ kind: "struck", at: Date.now() }));
}
