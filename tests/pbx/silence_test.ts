// A silent caller and one who talks for long, on a real Asterisk.

import { startTestbed } from "../asterisk/testbed.ts";
import { monologues, silences } from "../scenarios/suite.ts";

const pbx = await startTestbed();
Deno.test.afterAll(async () => await pbx[Symbol.asyncDispose]());
silences(pbx);
monologues(pbx);
