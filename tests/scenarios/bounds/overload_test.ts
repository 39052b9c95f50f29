// More callers than lines, on the simulated PBX.

import { join } from "node:path";
import { startSimulator } from "../../../testing/mod.ts";
import { overloads } from "./overload_suite.ts";

const folder = await Deno.makeTempDir();
const folders = { dataDir: folder, spoolDir: folder };
for (const name of ["sounds", "recording"]) await Deno.mkdir(join(folder, name));
// Its dialplan does not answer: the bot does.
const pbx = await startSimulator({ answer: false, folders });
Deno.test.afterAll(async () => {
  await pbx[Symbol.asyncDispose]();
  await Deno.remove(folder, { recursive: true });
});
overloads({ pbx, soundsDir: join(folder, "sounds"), unanswered: "100" });
