// Calls over every transport of a real Asterisk, with a real SIP caller.

import { startTestbed } from "../../asterisk/testbed/testbed.ts";
import { callsOverEach } from "../scenarios/transports_suite.ts";

const pbx = await startTestbed();
Deno.test.afterAll(async () => await pbx[Symbol.asyncDispose]());
callsOverEach(pbx, {
  websocket: { MEDIA_TRANSPORT: "websocket" },
  audiosocket: { MEDIA_TRANSPORT: "audiosocket" },
  rtp: { MEDIA_TRANSPORT: "rtp" },
  files: {
    MEDIA_TRANSPORT: "files",
    ASTERISK_SOUNDS_DIR: pbx.soundsDir,
    ASTERISK_RECORDING_DIR: pbx.recordingDir,
  },
});
