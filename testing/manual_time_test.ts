import assert from "node:assert/strict";
import { ManualTime } from "./manual_time.ts";

Deno.test("timers run at their moment and in their order, those set meanwhile included", () => {
  const time = new ManualTime();
  const ran: [string, number][] = [];
  time.after(20, () => ran.push(["second", time.now()]));
  time.after(10, () => {
    ran.push(["first", time.now()]);
    time.after(15, () => ran.push(["third", time.now()]));
  });
  time.advance(24);
  assert.deepEqual(ran, [["first", 10], ["second", 20]]);
  time.advance(1);
  assert.deepEqual(ran.at(-1), ["third", 25]);
  assert.equal(time.pending, 0);
});

Deno.test("a cancelled timer does not run", () => {
  const time = new ManualTime();
  const cancel = time.after(10, () => assert.fail("it was cancelled"));
  cancel();
  time.advance(10);
  assert.equal(time.pending, 0);
});

Deno.test("after a stall, overdue timers run late, and time never goes back", () => {
  const time = new ManualTime();
  const ran: number[] = [];
  time.after(10, () => {
    ran.push(time.now());
    time.stall(100);
  });
  time.stall(35);
  assert.deepEqual(ran, [35]);
  time.after(10, () => time.stall(100));
  time.advance(20);
  assert.equal(time.now(), 245);
});
