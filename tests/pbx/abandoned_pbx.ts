// Not a test: a program that starts a test PBX and then waits to be killed.

import { startTestbed } from "../asterisk/testbed.ts";

const pbx = await startTestbed();
const caller = await pbx.call({ extension: "200" });
await caller.answered;
await Deno.stdout.write(new TextEncoder().encode(`${pbx.folder}\n`));
await caller.ended;
