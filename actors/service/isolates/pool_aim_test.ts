import assert from "node:assert/strict";
import { PoolAim } from "./pool_aim.ts";

const MINUTE = 60_000;
const REFILL_MS = 1000;
const ANY_ROOM = 1000;

/** An aim after so many calls, one every `gapMs` from 0 on, and when the last one came. */
function wave(calls: number, gapMs: number, { least = 2, most = 10 } = {}) {
  const aim = new PoolAim({ least, most });
  for (let i = 0; i < calls; i++) aim.arrived(i * gapMs, REFILL_MS);
  return { aim, end: (calls - 1) * gapMs };
}

Deno.test("calls that come one at a time find the least number of isolates", () => {
  const { aim, end } = wave(20, REFILL_MS);
  assert.equal(aim.at(end, ANY_ROOM), 2);
});

Deno.test("calls that come faster than an isolate is made ready find as many as came meanwhile", () => {
  const { aim, end } = wave(20, 200);
  assert.equal(aim.at(end, ANY_ROOM), 5);
});

Deno.test("an isolate that takes longer to be made ready is made ready earlier", () => {
  const aim = new PoolAim({ least: 2, most: 10 });
  for (let i = 0; i < 20; i++) aim.arrived(i * 200, 2 * REFILL_MS);
  assert.equal(aim.at(20 * 200, ANY_ROOM), 10);
});

Deno.test("however fast calls come, the pool holds no more than it may", () => {
  const { aim, end } = wave(500, 10);
  assert.equal(aim.at(end, ANY_ROOM), 10);
});

Deno.test("a most below the least leaves the pool at its least", () => {
  const { aim, end } = wave(500, 10, { least: 4, most: 0 });
  assert.equal(aim.at(end, ANY_ROOM), 4);
});

Deno.test("no isolate is made ready for a call that would be refused", () => {
  const { aim, end } = wave(500, 10);
  assert.equal(aim.at(end, 3), 3);
  assert.equal(aim.at(end, 0), 2);
});

Deno.test("after a wave the pool sinks to its least within minutes, and not at once", () => {
  const { aim, end } = wave(200, 100);
  assert.equal(aim.at(end + 10_000, ANY_ROOM), 9);
  assert.equal(aim.at(end + 2 * MINUTE, ANY_ROOM), 5);
  assert.equal(aim.at(end + 5 * MINUTE, ANY_ROOM), 2);
});

Deno.test("a trickle after a wave does not end the memory of it, nor does it make it last", () => {
  const { aim, end } = wave(200, 100);
  for (let at = end; at < end + 5 * MINUTE; at += 5000) aim.arrived(at, REFILL_MS);
  assert.equal(aim.at(end + MINUTE, ANY_ROOM), 7);
  assert.equal(aim.at(end + 5 * MINUTE, ANY_ROOM), 2);
});
