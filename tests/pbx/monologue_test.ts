// A caller who talks for long, on a real Asterisk.

import { startTestbed } from "../asterisk/testbed.ts";
import { monologues } from "../scenarios/suite.ts";

const pbx = await startTestbed();
Deno.test.afterAll(async () => await pbx[Symbol.asyncDispose]());
monologues(pbx);
