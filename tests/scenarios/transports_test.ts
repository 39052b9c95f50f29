// Calls over every transport of the simulated PBX.

import assert from "node:assert/strict";
import { join } from "node:path";
import { eventually, startSimulator } from "../../testing/mod.ts";
import { realTimeTest } from "../real_time.ts";
import { callsOverEach } from "./transports_suite.ts";
import { World } from "./world.ts";

const root = await Deno.makeTempDir();
const folders = { dataDir: join(root, "data"), spoolDir: join(root, "spool") };
await Deno.mkdir(join(folders.dataDir, "sounds"), { recursive: true });
await Deno.mkdir(join(folders.spoolDir, "recording"), { recursive: true });
const simulator = await startSimulator({ folders });
Deno.test.afterAll(async () => {
  await simulator[Symbol.asyncDispose]();
  await Deno.remove(root, { recursive: true });
});
callsOverEach([{
  name: "simulator",
  pbx: simulator,
  transports: {
    websocket: { MEDIA_TRANSPORT: "websocket" },
    audiosocket: { MEDIA_TRANSPORT: "audiosocket" },
    rtp: { MEDIA_TRANSPORT: "rtp" },
    files: { MEDIA_TRANSPORT: "files" },
  },
}]);

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
