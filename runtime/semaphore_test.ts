import assert from "node:assert/strict";
import { Semaphore } from "./semaphore.ts";
import { pause } from "./waiting.ts";

Deno.test("no more requests than places are admitted, and a returned place goes to the next in order", async () => {
  const semaphore = new Semaphore(2);
  const first = await semaphore.acquire(true);
  await semaphore.acquire(true);
  const order: string[] = [];
  void semaphore.acquire(true).then(() => order.push("third"));
  void semaphore.acquire(true).then(() => order.push("fourth"));
  await pause(0);
  assert.equal(order.length, 0);
  first[Symbol.dispose]();
  await pause(0);
  assert.deepEqual(order, ["third"]);
});

Deno.test("urgent requests overtake the others, and one place stays free for them", async () => {
  const semaphore = new Semaphore(2);
  const background = await semaphore.acquire(false);
  const order: string[] = [];
  void semaphore.acquire(false).then(() => order.push("background"));
  await pause(0);
  assert.equal(order.length, 0);
  const urgent = await semaphore.acquire(true);
  const next = semaphore.acquire(true);
  void next.then(() => order.push("urgent"));
  urgent[Symbol.dispose]();
  await pause(0);
  assert.deepEqual(order, ["urgent"]);
  background[Symbol.dispose]();
  (await next)[Symbol.dispose]();
  await pause(0);
  assert.deepEqual(order, ["urgent", "background"]);
});
