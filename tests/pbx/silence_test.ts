// A silent caller, on a real Asterisk.

import { startTestbed } from "../asterisk/testbed.ts";
import { silences } from "../scenarios/suite.ts";

const pbx = await startTestbed();
Deno.test.afterAll(async () => await pbx[Symbol.asyncDispose]());
silences(pbx);
