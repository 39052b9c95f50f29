// The scenarios on the simulated PBX.

import { startSimulator } from "../../testing/mod.ts";
import { conversations } from "./suite.ts";

const simulator = await startSimulator();
Deno.test.afterAll(async () => await simulator[Symbol.asyncDispose]());
conversations(simulator);
