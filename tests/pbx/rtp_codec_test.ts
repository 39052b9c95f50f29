// RTP in the codec of the caller's own line, so that the PBX need not transcode.

import assert from "node:assert/strict";
import { RELEASE_NAMES } from "../asterisk/releases.ts";
import { startTestbed, type Testbed } from "../asterisk/testbed.ts";
import { untilSpokenTo } from "../../testing/mod.ts";
import { realTimeTest } from "../real_time.ts";
import { World } from "../scenarios/world.ts";

for (const release of RELEASE_NAMES) {
  realTimeTest(`Asterisk ${release}: callers are carried in the codec of their line`, async () => {
    await using pbx = await startTestbed({ release });
    await using world = await World.start(pbx, { MEDIA_TRANSPORT: "rtp" });
    for (const codec of ["alaw", "ulaw"] as const) {
      await using caller = await pbx.call({ codec });
      await untilSpokenTo(caller.heard, 0);
      for (const channel of ["PJSIP", "UnicastRTP"]) {
        const shown = await show(pbx, channel);
        assert.match(shown, new RegExp(`NativeFormats: \\(${codec}\\)`), channel);
        assert.match(shown, /ReadTranscode: No/, channel);
        assert.match(shown, /WriteTranscode: No/, channel);
      }
      await caller.hangUp();
      await world.nothingLeft();
    }
  });
}

/** Everything that the PBX shows of its only channel of a kind. */
async function show(pbx: Testbed, kind: string): Promise<string> {
  const channels = await pbx.cli("core show channels concise");
  const name = channels.split("\n").find((line) => line.startsWith(`${kind}/`))?.split("!")[0];
  assert.ok(name, `a ${kind} channel among:\n${channels}`);
  return await pbx.cli(`core show channel ${name}`);
}
