// Calls over every transport of a real Asterisk, with a real SIP caller.

import { dirname, join } from "node:path";
import { startTestbed } from "../../asterisk/testbed/testbed.ts";
import { callsOverEach } from "../scenarios/transports_suite.ts";

const pbx = await startTestbed();
// The PBX's own sounds/en is a link that leads somewhere only within its root.
const soundsDir = await Deno.makeTempDir();
await Deno.symlink(dirname(pbx.promptPath("en", "vm-goodbye")), join(soundsDir, "en"));
Deno.test.afterAll(async () => {
  await pbx[Symbol.asyncDispose]();
  await Deno.remove(soundsDir, { recursive: true });
});
callsOverEach(pbx, {
  websocket: { MEDIA_TRANSPORT: "websocket" },
  audiosocket: { MEDIA_TRANSPORT: "audiosocket" },
  rtp: { MEDIA_TRANSPORT: "rtp" },
  files: {
    MEDIA_TRANSPORT: "files",
    ASTERISK_SOUNDS_DIR: soundsDir,
    ASTERISK_RECORDING_DIR: pbx.recordingDir,
  },
});
