// `deno task bench`: timings, memory and recognition, on the simulator and on a real Asterisk.
// Measure on a quiet machine. Options: --simulator, --asterisk, --prompts (human speech) or
// --transports (all four side by side, 16 minutes; only when asked for) for one part only.

import { startSimulator } from "../testing/mod.ts";
import { TestbedError } from "./asterisk/error.ts";
import { startTestbed, type Testbed } from "./asterisk/testbed.ts";
import { benchConversations, benchReliability } from "./bench/conversations.ts";
import { benchMemory } from "./bench/memory.ts";
import { line } from "./bench/print.ts";
import { benchEnglishPrompts, benchRussianPrompts } from "./bench/prompts.ts";
import { benchTransports } from "./bench/transports.ts";

const wanted = (name: string) => Deno.args.length === 0 || Deno.args.includes(name);

if (wanted("--simulator")) {
  {
    await using simulator = await startSimulator({ isolate: true });
    await benchConversations(simulator);
  }
  await benchMemory();
}
if (wanted("--asterisk") || wanted("--prompts")) {
  await onAsterisk(async (pbx) => {
    if (!Deno.args.includes("--prompts")) {
      await benchConversations(pbx);
      await benchReliability(pbx, 20);
    }
    await benchEnglishPrompts(pbx);
    await benchRussianPrompts(pbx);
  });
}
if (Deno.args.includes("--transports")) {
  await onAsterisk(benchTransports);
}
Deno.exit(0);

/** Runs a part on a real Asterisk of its own; says so where there can be none. */
async function onAsterisk(part: (pbx: Testbed) => Promise<void>): Promise<void> {
  try {
    await using pbx = await startTestbed();
    await part(pbx);
  } catch (error) {
    if (!(error instanceof TestbedError)) throw error;
    await line(`\nno real Asterisk: ${error.message}`);
  }
}
