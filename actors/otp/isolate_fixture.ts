// The isolate that isolate_test.ts runs: it echoes, and dies in every way on request.

import type { IsolateData } from "./control.ts";
import { runIsolate } from "./isolate_main.ts";

/** What the fixture understands. */
export type ToFixture =
  | { readonly kind: "echo"; readonly text: string }
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
      else if (message.text === "late crash") void Promise.reject(new Error("unhandled"));
      else send({ kind: "echoed", text: message.text });
    },
    onShutdown: () => Promise.resolve(),
  });
});
