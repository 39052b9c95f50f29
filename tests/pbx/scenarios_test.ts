// The scenarios on a real Asterisk, with a real SIP caller.

import { startTestbed } from "../asterisk/testbed.ts";
import { conversations } from "../scenarios/suite.ts";

const pbx = await startTestbed();
Deno.test.afterAll(async () => await pbx[Symbol.asyncDispose]());
conversations(pbx);
