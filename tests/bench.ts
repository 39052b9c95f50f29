// `deno task bench`: timings, memory and recognition, on the simulator and on a real Asterisk.
// Measure on a quiet machine. Options: --simulator, --asterisk or --prompts (human speech)
// for one part only.

import { startSimulator } from "../asterisk/simulator/mod.ts";
import { TestbedError } from "../asterisk/testbed/error.ts";
import { startTestbed } from "../asterisk/testbed/testbed.ts";
import { benchConversations, benchReliability } from "./bench/conversations.ts";
import { benchMemory } from "./bench/memory.ts";
import { line } from "./bench/print.ts";
import { benchEnglishPrompts, benchRussianPrompts } from "./bench/prompts.ts";

const wanted = (name: string) => Deno.args.length === 0 || Deno.args.includes(name);

if (wanted("--simulator")) {
  {
    await using simulator = await startSimulator({ isolate: true });
    await benchConversations(simulator);
  }
  await benchMemory();
}
if (wanted("--asterisk") || wanted("--prompts")) {
  try {
    await using pbx = await startTestbed();
    if (!Deno.args.includes("--prompts")) {
      await benchConversations(pbx);
      await benchReliability(pbx, 20);
    }
    await benchEnglishPrompts(pbx);
    await benchRussianPrompts(pbx);
  } catch (error) {
    if (!(error instanceof TestbedError)) throw error;
    await line(`\nno real Asterisk: ${error.message}`);
  }
}
Deno.exit(0);
