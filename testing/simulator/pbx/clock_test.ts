import assert from "node:assert/strict";
import { ManualTime } from "../../manual_time.ts";
import { PbxClock } from "./clock.ts";

Deno.test("each leg ticks every 20 ms on a fixed grid, even when a tick is slow", () => {
  const time = new ManualTime();
  const clock = new PbxClock(time);
  const ticks: number[] = [];
  using _leg = clock.subscribe(() => {
    ticks.push(time.now());
    time.stall(7);
  });
  time.advance(1000);
  assert.equal(ticks.length, 50);
  const start = ticks[0]!;
  assert.ok(ticks.every((at, n) => at - start - n * 20 < 8), String(ticks));
  assert.equal(clock.skippedTicks, 0);
});

Deno.test("ticks that a busy process missed are skipped and counted, never made up for by a burst", () => {
  const time = new ManualTime();
  const clock = new PbxClock(time);
  const ticks: number[] = [];
  using _leg = clock.subscribe(() => ticks.push(time.now()));
  time.advance(40);
  time.stall(105);
  time.advance(100);
  const gaps = ticks.slice(1).map((at, n) => at - ticks[n]!);
  assert.ok(gaps.every((gap) => gap >= 5), String(gaps));
  assert.equal(clock.skippedTicks, 5);
});

Deno.test("legs are spread over the frame, and the last one to leave takes the timer along", () => {
  const time = new ManualTime();
  const clock = new PbxClock(time);
  const at: number[] = [];
  const legs = [0, 1, 2, 3].map(() => clock.subscribe(() => at.push(time.now())));
  time.advance(20);
  assert.deepEqual(at, [5, 10, 15, 20]);
  for (const leg of legs) leg[Symbol.dispose]();
  assert.equal(time.pending, 0);
});
