// A silent caller, on the simulated PBX.

import { startSimulator } from "../../testing/mod.ts";
import { silences } from "./suite.ts";

const simulator = await startSimulator();
Deno.test.afterAll(async () => await simulator[Symbol.asyncDispose]());
silences(simulator);
