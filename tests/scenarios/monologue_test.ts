// A caller who talks for long, on the simulated PBX.

import { startSimulator } from "../../testing/mod.ts";
import { monologues } from "./suite.ts";

const pbx = await startSimulator();
Deno.test.afterAll(async () => await pbx[Symbol.asyncDispose]());
monologues(pbx);
