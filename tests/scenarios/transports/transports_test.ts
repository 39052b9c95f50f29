// Calls over the simulated PBX's transports that are streams of bytes, and over none.

import assert from "node:assert/strict";
import { eventually, startSimulator } from "../../../testing/mod.ts";
import { realTimeTest } from "../../real_time.ts";
import { callsOnSimulator } from "./transports_simulator.ts";
import { World } from "../world.ts";

await callsOnSimulator(["websocket", "audiosocket"]);

realTimeTest(
  "when the configured transport is unavailable, /ready says so and callers reach the fallback",
  async () => {
    await using pbx = await startSimulator({ modules: ["chan_rtp.so", "res_rtp_asterisk.so"] });
    await using world = await World.start(pbx, {
      MEDIA_TRANSPORT: "audiosocket",
      ARI_FALLBACK_CONTEXT: "voxbot-fallback",
    });
    const reason = await eventually(async () => {
      const { status, ...ready } = await fetch(`${world.service.consoleUrl}/ready`)
        .then(async (answer) => ({ status: answer.status, text: await answer.text() }));
      return status === 503 && /audiosocket cannot be used/.test(ready.text) && ready.text;
    }, "/ready says what is missing");
    assert.match(reason, /does not run chan_audiosocket\.so, res_audiosocket\.so/);
    const caller = await pbx.call();
    await eventually(
      async () => (await pbx.channels()).some(({ context }) => context === "voxbot-fallback"),
      "the caller is in the fallback context",
    );
    await caller.hangUp();
    assert.deepEqual(world.service.switchboard.list(), []);
  },
);
