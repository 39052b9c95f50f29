// Calls over transports of a simulated PBX, in two files of tests, which run side by side.

import { join } from "node:path";
import type { TransportKind } from "../../../asterisk/transports/choose.ts";
import { startSimulator } from "../../../testing/mod.ts";
import { callsOverEach } from "./transports_suite.ts";

/** Registers the calls over each of these transports; the PBX ends with the file's tests. */
export async function callsOnSimulator(kinds: readonly TransportKind[]): Promise<void> {
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
    transports: Object.fromEntries(kinds.map((kind) => [kind, { MEDIA_TRANSPORT: kind }])),
  }]);
}
