// Waiting for what no event tells of.

import assert from "node:assert/strict";
import type { TestPbx } from "../../testing/mod.ts";

const POLL_MS = 50;
const DEADLINE_MS = 5000;

/** Asserts that no channel and no bridge is left on a PBX, soon after the last call has ended. */
export async function nothingLeft(pbx: TestPbx): Promise<void> {
  let left = await pbx.leftovers();
  await until(async () => {
    left = await pbx.leftovers();
    return left.channels.length + left.bridges.length === 0;
  }, () => `left behind: ${JSON.stringify(left)}`);
}

/** Resolves when something has become true that no event tells of; fails when it does not soon. */
export async function until(
  condition: () => Promise<boolean>,
  otherwise: () => string,
): Promise<void> {
  const giveUpAt = performance.now() + DEADLINE_MS;
  while (!await condition()) {
    assert.ok(performance.now() < giveUpAt, otherwise());
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
