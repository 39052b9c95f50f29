import assert from "node:assert/strict";
import { createMetrics } from "./mod.ts";

Deno.test("the page shows the memory of the process as it is, and no measure that it cannot take", async () => {
  const page = await createMetrics().exposition();
  const resident = Number(/^process_resident_memory_bytes (\d+)$/m.exec(page)?.[1]);
  assert.ok(resident > 10_000_000, `${resident} bytes`);
  assert.match(page, /^process_cpu_seconds_total /m);
  assert.doesNotMatch(page, /^process_(open_fds|virtual_memory_bytes|heap_bytes) 0$/m);
});
