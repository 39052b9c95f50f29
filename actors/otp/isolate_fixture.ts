// The isolate that isolate_test.ts runs: it echoes, and dies in every way on request.

import { parentPort } from "node:worker_threads";
import type { IsolateData } from "./control.ts";
import { runIsolate } from "./isolate_main.ts";

/** What the fixture understands. */
export type ToFixture =
  | { readonly kind: "echo"; readonly text: string }
  /** Post this as it is, so many times in a row. */
  | { readonly kind: "post"; readonly raw: unknown; readonly times: number }
  | { readonly kind: "finish" };

/** What it answers. */
export type FromFixture = { readonly kind: "echoed"; readonly text: string };

/** What it gets at its start. */
export interface FixtureData extends IsolateData {
  readonly fails?: "with an error" | "by never being ready";
}

await runIsolate<ToFixture, FromFixture, FixtureData>(({ fails }, send, done) => {
  if (fails === "with an error") throw new Error("cannot initialise");
  if (fails === "by never being ready") return new Promise(() => {});
  return Promise.resolve({
    onMessage: (message) => {
      if (message.kind === "finish") done();
      else if (message.kind === "post") {
        for (let n = 0; n < message.times; n++) parentPort?.postMessage(message.raw);
      } else if (message.text === "late crash") void Promise.reject(new Error("unhandled"));
      else send({ kind: "echoed", text: message.text });
    },
    onShutdown: () => Promise.resolve(),
  });
});
