// Calls in Russian through Yandex's protocol, on a real Asterisk, with a real SIP caller.

import { startTestbed } from "../asterisk/testbed.ts";
import { yandex } from "../scenarios/yandex_suite.ts";

const pbx = await startTestbed();
Deno.test.afterAll(async () => await pbx[Symbol.asyncDispose]());
yandex(pbx);
