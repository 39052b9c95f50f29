import assert from "node:assert/strict";
import type { TestPbx } from "../../media/caller.ts";

const POLL_MS = 50;
const DEADLINE_MS = 5000;

/** Asserts that no channel and no bridge is left on a PBX, soon after the last call has ended. */
export async function nothingLeft(pbx: TestPbx): Promise<void> {
  const giveUpAt = performance.now() + DEADLINE_MS;
  for (;;) {
    const left = await pbx.leftovers();
    if (left.channels.length + left.bridges.length === 0) return;
    if (performance.now() > giveUpAt) {
      assert.deepEqual(left, { channels: [], bridges: [] });
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
