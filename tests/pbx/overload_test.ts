// More callers than lines, on a real Asterisk, with real SIP callers.

import { startTestbed } from "../asterisk/testbed.ts";
import { overloads } from "../scenarios/bounds/overload_suite.ts";

/** Leads to the bot, and has not answered. */
const UNANSWERED = "301";

const pbx = await startTestbed();
Deno.test.beforeAll(async () => {
  const step = `${UNANSWERED},1,Stasis(${pbx.env.ARI_APP_NAME})`;
  await pbx.cli(`dialplan add extension ${step} into voxbot-inbound`);
});
Deno.test.afterAll(async () => await pbx[Symbol.asyncDispose]());
overloads({ pbx, soundsDir: pbx.soundsDir, unanswered: UNANSWERED });
