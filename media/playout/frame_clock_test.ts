import assert from "node:assert/strict";
import { type Beat, FrameClock } from "./frame_clock.ts";
import { ManualTime } from "../../testing/manual_time.ts";

function clockOnHand(): { time: ManualTime; beats: (Beat & { at: number })[]; clock: FrameClock } {
  const time = new ManualTime();
  const beats: (Beat & { at: number })[] = [];
  const clock = new FrameClock((beat) => beats.push({ ...beat, at: time.now() }), time);
  clock.start();
  return { time, beats, clock };
}

Deno.test("an hour of frames does not drift by a millisecond, however late each timer fires", () => {
  const time = new ManualTime();
  const beats: number[] = [];
  const late = {
    now: () => time.now(),
    after: (ms: number, run: () => void) => time.after(ms + 0.9, run),
  };
  using clock = new FrameClock(() => beats.push(time.now()), late);
  clock.start();
  time.advance(3_600_000);
  assert.ok(beats.length >= 3_600_000 / 20 - 1);
  beats.forEach((at, i) => assert.ok(Math.abs(at - (i + 1) * 20) < 1, `beat ${i} at ${at}`));
});

Deno.test("a timer that fires early makes no frame early", () => {
  const time = new ManualTime();
  const beats: number[] = [];
  const hasty = {
    now: () => time.now(),
    after: (ms: number, run: () => void) => time.after(ms / 2, run),
  };
  using clock = new FrameClock(() => beats.push(time.now()), hasty);
  clock.start();
  time.advance(1000);
  beats.forEach((at, i) => assert.ok(at >= (i + 1) * 20 - 1, `beat ${i} at ${at}`));
});

Deno.test("frames delayed by a busy isolate are caught up without a burst", () => {
  const { time, beats, clock } = clockOnHand();
  time.advance(100);
  time.stall(90);
  time.advance(300);
  clock[Symbol.dispose]();
  const gaps = beats.slice(1).map((beat, i) => beat.at - beats[i]!.at);
  assert.ok(Math.min(...gaps) >= 10, `gaps ${gaps}`);
  assert.equal(beats.reduce((sum, beat) => sum + beat.skipped, 0), 0);
  assert.equal(beats.length, 24, "as many frames as 490 ms hold");
});

Deno.test("after a long stall the clock continues from now instead of racing", () => {
  const { time, beats, clock } = clockOnHand();
  time.advance(100);
  time.stall(2000);
  time.advance(100);
  clock[Symbol.dispose]();
  const skipped = beats.reduce((sum, beat) => sum + beat.skipped, 0);
  assert.equal(skipped + beats.length, 2200 / 20);
  assert.ok(beats.length <= 12, `${beats.length} frames`);
});

Deno.test("a disposed clock never beats again and leaves no timer", () => {
  const { time, beats, clock } = clockOnHand();
  time.advance(50);
  clock[Symbol.dispose]();
  time.advance(1000);
  assert.equal(beats.length, 2);
  assert.equal(time.pending, 0);
});

Deno.test("a clock disposed by its own beat stops", () => {
  const time = new ManualTime();
  const clock: FrameClock = new FrameClock(() => clock[Symbol.dispose](), time);
  clock.start();
  time.advance(1000);
  assert.equal(time.pending, 0);
});
