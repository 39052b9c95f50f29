import assert from "node:assert/strict";
import { ModelThread } from "./model_thread.ts";
import type { FixtureService } from "./model_thread_fixture.ts";

const MODULE = new URL("./model_thread_fixture.ts", import.meta.url);

Deno.test("when a model's thread dies, every request to it fails, and the engine learns of it once", async () => {
  const fatal: Error[] = [];
  const thread = new ModelThread<FixtureService>("fixture", MODULE, (error) => fatal.push(error));
  assert.equal(await thread.answer(thread.service.double(21)), 42);
  const waiting = [thread.service.hang(), thread.service.hang()].map((sent) =>
    assert.rejects(thread.answer(sent), /fixture thread.*the model has crashed/)
  );
  // The thread may die before or after its answer leaves.
  await Promise.allSettled([thread.answer(thread.service.crash())]);
  await Promise.all(waiting);
  await assert.rejects(thread.answer(thread.service.double(1)), /fixture thread/);
  await thread.close();
  assert.equal(fatal.length, 1);
});

Deno.test("closing a thread fails the requests to it, but is not reported as a death", async () => {
  const fatal: Error[] = [];
  const thread = new ModelThread<FixtureService>("fixture", MODULE, (error) => fatal.push(error));
  await thread.answer(thread.service.double(1));
  const waiting = assert.rejects(thread.answer(thread.service.hang()), /ended/);
  await thread.close();
  await waiting;
  assert.deepEqual(fatal, []);
});
