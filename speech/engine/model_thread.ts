// A thread of the engine's own, for a model that computes for longer than the VAD of other calls
// may wait. onnxruntime-node's `run` and espeak-ng both compute on the thread that calls them.

import { Worker } from "node:worker_threads";
import * as Comlink from "comlink";
import { comlinkEndpoint } from "./endpoint.ts";

/** A running thread whose module exposes a `Service` over Comlink on its `parentPort`. */
export class ModelThread<Service> {
  readonly service: Comlink.Remote<Service>;
  readonly #worker: Worker;
  /** Rejects when the thread ends: a Comlink call to a dead thread would wait for ever. */
  readonly #ended = Promise.withResolvers<never>();
  #closing = false;

  /** `onFatal` is told when the thread ends without `close`. */
  constructor(name: string, module: URL, onFatal: (error: Error) => void) {
    this.#worker = new Worker(module);
    this.service = Comlink.wrap<Service>(comlinkEndpoint(this.#worker));
    this.#ended.promise.catch((error) => this.#closing || onFatal(error));
    this.#worker.on("error", (cause) => {
      this.#ended.reject(new Error(`the ${name} thread failed: ${cause}`, { cause }));
    });
    this.#worker.on("exit", (code) => {
      this.#ended.reject(new Error(`the ${name} thread ended by itself (code ${code})`));
    });
  }

  /** Awaits an answer of the service, or the thread's end. */
  answer<T>(sent: Promise<T>): Promise<T> {
    return Promise.race([sent, this.#ended.promise]);
  }

  /** Messages of the thread beside Comlink's. */
  onMessage(listener: (message: unknown) => void): void {
    this.#worker.on("message", listener);
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#worker.terminate();
  }
}
