// A thread that answers, hangs or crashes as a test asks.

import { parentPort } from "node:worker_threads";
import * as Comlink from "comlink";
import { comlinkEndpoint } from "./comlink_endpoint.ts";

/** The service of the thread. */
export class FixtureService {
  double(value: number): number {
    return 2 * value;
  }

  /** Never answers. */
  hang(): Promise<void> {
    return new Promise(() => {});
  }

  /** Ends the thread by an uncaught error, after the answer. */
  crash(): void {
    setTimeout(() => {
      throw new Error("the model has crashed");
    });
  }
}

if (parentPort) Comlink.expose(new FixtureService(), comlinkEndpoint(parentPort));
