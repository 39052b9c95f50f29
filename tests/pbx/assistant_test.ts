// The assistant's scenarios on a real Asterisk, with a real SIP caller.

import { startTestbed } from "../asterisk/testbed.ts";
import { assistant } from "../scenarios/assistant_suite.ts";

const pbx = await startTestbed();
Deno.test.afterAll(async () => await pbx[Symbol.asyncDispose]());
assistant(pbx);
