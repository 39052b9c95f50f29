import assert from "node:assert/strict";
import { StopSignals } from "./stop_signals.ts";

/** Whether `promise` has resolved by now. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol();
  return await Promise.race([promise, Promise.resolve(pending)]) !== pending;
}

Deno.test("Ctrl+C lets calls finish, though `deno task` delivers it twice", async () => {
  using signals = new StopSignals();
  signals.note("SIGINT", 1000);
  signals.note("SIGINT", 1001);
  assert.equal(await signals.asked, "SIGINT");
  assert.equal(await settled(signals.insisted), false);
});

Deno.test("a second signal of the operator's ends the service without waiting for calls", async () => {
  using signals = new StopSignals();
  signals.note("SIGTERM", 1000);
  signals.note("SIGINT", 1001);
  signals.note("SIGINT", 3000);
  assert.equal(await signals.asked, "SIGTERM");
  assert.ok(await settled(signals.insisted));
});
