// Calls over every transport of the simulated PBX.

import { join } from "node:path";
import { startSimulator } from "../../asterisk/simulator/mod.ts";
import { callsOverEach } from "./transports_suite.ts";

const root = await Deno.makeTempDir();
const folders = { dataDir: join(root, "data"), spoolDir: join(root, "spool") };
await Deno.mkdir(join(folders.dataDir, "sounds"), { recursive: true });
await Deno.mkdir(join(folders.spoolDir, "recording"), { recursive: true });
const simulator = await startSimulator({ folders });
Deno.test.afterAll(async () => {
  await simulator[Symbol.asyncDispose]();
  await Deno.remove(root, { recursive: true });
});
callsOverEach(simulator, {
  websocket: { MEDIA_TRANSPORT: "websocket" },
  audiosocket: { MEDIA_TRANSPORT: "audiosocket" },
  rtp: { MEDIA_TRANSPORT: "rtp" },
});
