// A thread that does what a test tells it to.

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

  /** Dies by an uncaught error, soon. */
  crash(): void {
    setTimeout(() => {
      throw new Error("the model has crashed");
    });
  }
}

if (parentPort) Comlink.expose(new FixtureService(), comlinkEndpoint(parentPort));
