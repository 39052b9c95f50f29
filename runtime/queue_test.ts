import assert from "node:assert/strict";
import { Queue } from "./queue.ts";

Deno.test("a reader gets what was pushed, before and while it waits, in order", async () => {
  const queue = new Queue<number>();
  queue.push(1);
  queue.push(2);
  const reader = queue[Symbol.asyncIterator]();
  assert.equal((await reader.next()).value, 1);
  assert.equal((await reader.next()).value, 2);
  const waiting = reader.next();
  queue.push(3);
  queue.push(4);
  assert.equal((await waiting).value, 3);
  assert.equal((await reader.next()).value, 4);
});

Deno.test("the queued items are read before the end, and nothing is queued behind it", async () => {
  const queue = new Queue<number>();
  queue.push(1);
  queue.end();
  queue.push(2);
  assert.deepEqual(await Array.fromAsync(queue), [1]);
});

Deno.test("an end wakes a reader that waits", async () => {
  const queue = new Queue<number>();
  const waiting = queue[Symbol.asyncIterator]().next();
  queue.end();
  assert.equal((await waiting).done, true);
});

Deno.test("an error is thrown behind the queued items, and the first end counts", async () => {
  const queue = new Queue<number>();
  queue.push(1);
  queue.end(new Error("the service went away"));
  queue.end();
  const read: number[] = [];
  await assert.rejects(async () => {
    for await (const item of queue) read.push(item);
  }, /the service went away/);
  assert.deepEqual(read, [1]);
});
