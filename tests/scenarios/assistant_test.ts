// The assistant's scenarios on the simulated PBX.

import { startSimulator } from "../../testing/mod.ts";
import { assistant } from "./assistant_suite.ts";

const simulator = await startSimulator();
Deno.test.afterAll(async () => await simulator[Symbol.asyncDispose]());
assistant(simulator);
