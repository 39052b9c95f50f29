// What isolate_test.ts runs: an isolate that echoes, and dies in every way when asked to.

import { runIsolate } from "./isolate_main.ts";

/** What the fixture understands. */
export type ToFixture = { readonly kind: "echo"; readonly text: string } | {
  readonly kind: "finish";
};
/** What it says. */
export type FromFixture = { readonly kind: "echoed"; readonly text: string };

await runIsolate<ToFixture, FromFixture>(({ settings }, send, done) => {
  if (settings.ARI_APP_NAME === "broken") throw new Error("cannot initialise");
  if (settings.ARI_APP_NAME === "stuck") return new Promise(() => {});
  return Promise.resolve({
    onMessage: (message) => {
      if (message.kind === "finish") done();
      else if (message.text === "late crash") void Promise.reject(new Error("unhandled"));
      else send({ kind: "echoed", text: message.text });
    },
    onShutdown: () => Promise.resolve(),
  });
});
