// Calls over every transport of real Asterisks, with a real SIP caller.

import type { ReleaseName } from "../asterisk/releases.ts";
import { startTestbed, type Testbed } from "../asterisk/testbed.ts";
import { callsOverEach } from "../scenarios/transports_suite.ts";

const newest = await start("22");
const oldest = await start("16");
callsOverEach([
  {
    name: "Asterisk 22",
    pbx: newest,
    transports: {
      websocket: { MEDIA_TRANSPORT: "websocket" },
      audiosocket: { MEDIA_TRANSPORT: "audiosocket" },
      rtp: { MEDIA_TRANSPORT: "rtp" },
      files: filesOf(newest),
    },
  },
  // It has neither chan_websocket nor AudioSocket over ARI.
  {
    name: "Asterisk 16.28",
    pbx: oldest,
    transports: { rtp: { MEDIA_TRANSPORT: "rtp" }, files: filesOf(oldest) },
  },
]);

async function start(release: ReleaseName): Promise<Testbed> {
  const pbx = await startTestbed({ release });
  Deno.test.afterAll(async () => await pbx[Symbol.asyncDispose]());
  return pbx;
}

function filesOf(pbx: Testbed) {
  return {
    MEDIA_TRANSPORT: "files",
    ASTERISK_SOUNDS_DIR: pbx.soundsDir,
    ASTERISK_RECORDING_DIR: pbx.recordingDir,
  } as const;
}
