// A thread of the engine's own, for a model that computes for longer than the voice detection of
// other calls may wait: onnxruntime-node's `run` and espeak-ng both block the thread that calls them.

import { Worker } from "node:worker_threads";
import * as Comlink from "comlink";
import { comlinkEndpoint } from "./comlink_endpoint.ts";
import { Pending } from "./pending.ts";

/** A running thread whose module exposes a `Service` over Comlink on its `parentPort`. */
export class ModelThread<Service> {
  readonly service: Comlink.Remote<Service>;
  readonly #worker: Worker;
  readonly #pending = new Pending();
  #over = false;

  /** @param onFatal called when the thread ends without `close`. */
  constructor(name: string, module: URL, onFatal: (error: Error) => void) {
    this.#worker = new Worker(module);
    this.service = Comlink.wrap<Service>(comlinkEndpoint(this.#worker));
    const ended = (error: Error) => {
      this.#pending.end(error);
      if (!this.#over) onFatal(error);
      this.#over = true;
    };
    this.#worker.on("error", (cause) => {
      ended(new Error(`the ${name} thread failed: ${cause}`, { cause }));
    });
    this.#worker.on("exit", (code) => ended(new Error(`the ${name} thread ended (code ${code})`)));
  }

  /** Awaits an answer of the service. Rejects when the thread ends, where Comlink alone would never settle. */
  answer<T>(sent: Promise<T>): Promise<T> {
    return this.#pending.answer(sent);
  }

  /** Listens to the thread's messages, Comlink's among them. */
  onMessage(listener: (message: unknown) => void): void {
    this.#worker.on("message", listener);
  }

  async close(): Promise<void> {
    this.#over = true;
    await this.#worker.terminate();
  }
}
