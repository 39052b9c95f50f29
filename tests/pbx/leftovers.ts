// Nothing of a call may stay behind on the PBX.

import { eventually, type TestPbx } from "../../testing/mod.ts";

const TIMEOUT_MS = 5000;

/** Waits until no channel, bridge or recording is left on a PBX, soon after the last call has ended. */
export async function nothingLeft(pbx: TestPbx): Promise<void> {
  let left = await pbx.leftovers();
  await eventually(
    async () => {
      left = await pbx.leftovers();
      return Object.values(left).flat().length === 0;
    },
    () => `nothing is left behind: ${JSON.stringify(left)}`,
    TIMEOUT_MS,
  );
}
