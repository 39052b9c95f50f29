import assert from "node:assert/strict";
import { ModelThread } from "./model_thread.ts";
import type { FixtureService } from "./model_thread_fixture.ts";

const MODULE = new URL("./model_thread_fixture.ts", import.meta.url);

Deno.test("when a model's thread dies whoever waits for it is told, and so is the engine, once", async () => {
  const fatal: Error[] = [];
  const thread = new ModelThread<FixtureService>("fixture", MODULE, (error) => fatal.push(error));
  assert.equal(await thread.answer(thread.service.double(21)), 42);
  const waiting = [thread.service.hang(), thread.service.hang()].map((sent) =>
    assert.rejects(thread.answer(sent), /fixture thread.*the model has crashed/)
  );
  // It may die before its answer is out, or after.
  await Promise.allSettled([thread.answer(thread.service.crash())]);
  await Promise.all(waiting);
  await assert.rejects(thread.answer(thread.service.double(1)), /fixture thread/);
  await thread.close();
  assert.equal(fatal.length, 1);
});

Deno.test("a thread that is closed is no accident, but nobody waits for it any more", async () => {
  const fatal: Error[] = [];
  const thread = new ModelThread<FixtureService>("fixture", MODULE, (error) => fatal.push(error));
  await thread.answer(thread.service.double(1));
  const waiting = assert.rejects(thread.answer(thread.service.hang()), /ended/);
  await thread.close();
  await waiting;
  assert.deepEqual(fatal, []);
});
