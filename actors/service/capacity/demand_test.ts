import assert from "node:assert/strict";
import { CostOfACall } from "./cost_of_a_call.ts";
import { Demand } from "./demand.ts";

Deno.test("what a call costs is learned from the calls that are up, within sane bounds", () => {
  const cost = new CostOfACall(20);
  assert.equal(cost.ms, 20);
  cost.learn(20 * 40, 20, 300);
  assert.ok(cost.ms > 35 && cost.ms < 40, `${cost.ms}`);
  cost.learn(0, 20, 3600);
  assert.equal(cost.ms, 8, "callers may all have been silent");
});

Deno.test("calls that have just been taken count in full beside what is used now", () => {
  const demand = new Demand({ callMs: 20, mostMs: 1000 });
  const calls = { live: 20, young: 10, startingUp: false };
  demand.used(600, 60_000, calls, 1000);
  assert.equal(Math.round(demand.predictedMs(calls, 1, 1000)), 820);
  assert.equal(demand.roomFor(calls, 1000), 10);
});
