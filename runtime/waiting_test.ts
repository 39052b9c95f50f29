import assert from "node:assert/strict";
import { abortable, atMost, pause, within } from "./waiting.ts";

const never = () => new Promise<never>(() => {});

Deno.test("a pause that is cancelled, before or during it, ends early and without an error", async () => {
  await pause(60_000, AbortSignal.abort());
  const abort = new AbortController();
  const waiting = pause(60_000, abort.signal);
  abort.abort();
  await waiting;
});

Deno.test("within() returns an outcome that comes in time, and throws the failure otherwise", async () => {
  assert.equal(
    await within(Promise.resolve("in time"), 60_000, () => new Error("late")),
    "in time",
  );
  await assert.rejects(within(never(), 1, () => new Error("late")), /late/);
  await assert.rejects(within(Promise.reject(new Error("own")), 60_000, () => new Error()), /own/);
});

Deno.test("atMost() ends with the promise or the time, and rejects as the promise does", async () => {
  await atMost(60_000, Promise.resolve());
  await atMost(1, never());
  await assert.rejects(atMost(60_000, Promise.reject(new Error("own"))), /own/);
});

Deno.test("abortable() throws the signal's reason, also of a signal that aborted before", async () => {
  const reason = new Error("the call is over");
  await assert.rejects(abortable(never(), AbortSignal.abort(reason)), reason);
  const abort = new AbortController();
  const waiting = abortable(never(), abort.signal);
  abort.abort(reason);
  await assert.rejects(waiting, reason);
  assert.equal(await abortable(Promise.resolve(1), new AbortController().signal), 1);
});

Deno.test("a promise that abortable() gave up on may reject later without ending the process", async () => {
  const work = Promise.withResolvers<void>();
  await assert.rejects(abortable(work.promise, AbortSignal.abort()));
  work.reject(new Error("too late"));
  await pause(0);
});
