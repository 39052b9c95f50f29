// Calls in Russian through Yandex's protocol, on the simulated PBX.

import { startSimulator } from "../../asterisk/simulator/mod.ts";
import { yandex } from "./yandex_suite.ts";

const simulator = await startSimulator();
Deno.test.afterAll(async () => await simulator[Symbol.asyncDispose]());
yandex(simulator);
