import assert from "node:assert/strict";
import { FakeTime } from "../fake_time.ts";
import { PbxClock } from "./clock.ts";

Deno.test("each leg has its tick every 20 ms on a grid, however late the ticks come", () => {
  using time = new FakeTime();
  const clock = new PbxClock();
  const ticks: number[] = [];
  using _leg = clock.subscribe(() => {
    ticks.push(time.now);
    time.sleepInside(7);
  });
  time.advance(1000);
  assert.equal(ticks.length, 50);
  const start = ticks[0]!;
  assert.ok(ticks.every((at, n) => at - start - n * 20 < 8), String(ticks));
  assert.equal(clock.skippedTicks, 0);
});

Deno.test("what the process was too busy for is skipped and counted, never a burst", () => {
  using time = new FakeTime();
  const clock = new PbxClock();
  const ticks: number[] = [];
  using _leg = clock.subscribe(() => ticks.push(time.now));
  time.advance(40);
  time.sleepInside(105);
  time.advance(100);
  const gaps = ticks.slice(1).map((at, n) => at - ticks[n]!);
  assert.ok(gaps.every((gap) => gap >= 5), String(gaps));
  assert.equal(clock.skippedTicks, 5);
});

Deno.test("legs are spread over the frame, and no timer is left when the last one goes", () => {
  using time = new FakeTime();
  const clock = new PbxClock();
  const at: number[] = [];
  const legs = [0, 1, 2, 3].map(() => clock.subscribe(() => at.push(time.now)));
  time.advance(20);
  assert.deepEqual(at, [5, 10, 15, 20]);
  for (const leg of legs) leg[Symbol.dispose]();
  assert.equal(time.pending, 0);
});
