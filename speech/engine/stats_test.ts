import assert from "node:assert/strict";
import { Distribution } from "./stats.ts";

Deno.test("a summary counts all values, and takes its percentiles from the recent ones", () => {
  const latency = new Distribution(100);
  for (let value = 1; value <= 200; value++) latency.add(value);
  assert.deepEqual(latency.summary(), { count: 200, p50: 151, p95: 196, max: 200 });
});

Deno.test("a summary of nothing is zeros", () => {
  assert.deepEqual(new Distribution().summary(), { count: 0, p50: 0, p95: 0, max: 0 });
});
