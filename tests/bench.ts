// `deno task bench [NAME…]`: timings, memory and recognition. Measure on a quiet machine. Without a name
// it times calls on the simulator and on a real Asterisk. `--help` lists the names; `bench agent` and
// `bench --agent` are the same. `bench capacity` has options of its own, which `bench capacity --help` lists.

import { startSimulator } from "../testing/mod.ts";
import { TestbedError } from "./asterisk/error.ts";
import { startTestbed, type Testbed } from "./asterisk/testbed.ts";
import { benchConversations, benchReliability } from "./bench/conversations.ts";
import { benchMemory } from "./bench/memory.ts";
import { line } from "./bench/print.ts";
import { benchEnglishPrompts, benchRussianPrompts } from "./bench/prompts.ts";
import { benchTransports } from "./bench/transports.ts";

interface Bench {
  readonly what: string;
  /** Runs when no name is given. */
  readonly byDefault?: true;
  run(): Promise<void>;
}

const CAPACITY = "capacity/main";

const BENCHES: Readonly<Record<string, Bench>> = {
  simulator: {
    what: "conversations on the simulator: a turn's stages, barge-in",
    byDefault: true,
    async run() {
      await using simulator = await startSimulator({ isolate: true });
      await benchConversations(simulator);
    },
  },
  memory: { what: "memory of a service and of a call", byDefault: true, run: benchMemory },
  asterisk: {
    what: "conversations on a real Asterisk, twenty of them in a row",
    byDefault: true,
    run: () =>
      onAsterisk(async (pbx) => {
        await benchConversations(pbx);
        await benchReliability(pbx, 20);
      }),
  },
  prompts: {
    what: "recognition of human speech, the prompts that come with Asterisk",
    byDefault: true,
    run: () =>
      onAsterisk(async (pbx) => {
        await benchEnglishPrompts(pbx);
        await benchRussianPrompts(pbx);
      }),
  },
  transports: {
    what: "all four transports side by side on a real Asterisk (16 minutes)",
    run: () => onAsterisk(benchTransports),
  },
  capacity: script(CAPACITY, "how many calls one service serves well, by real SIP callers"),
  agent: script("agent", "what the agent adds to a model's time; what starting early wins"),
  journal: script("journal", "the console's list over a journal of a million calls"),
  kb: script("kb", "`kb build` of a large knowledge base on a real Chroma server"),
  pacing: script("pacing", "how evenly frames leave where the playout clock is ours"),
  retrieval: script("retrieval", "how well questions find their passages"),
  rtp_loss: script("rtp_loss", "what packet loss costs in words"),
  speech: script("speech", "what the cloud speech services cost on our side"),
};

if (/^(--)?capacity$/.test(Deno.args[0] ?? "")) {
  Deno.exit(await runScript(CAPACITY, Deno.args.slice(1)));
}
const names = Deno.args.filter((arg) => !arg.includes("help")).map((arg) => arg.replace(/^--/, ""));
const unknown = names.filter((name) => !(name in BENCHES));
if (unknown.length > 0 || Deno.args.includes("--help")) {
  for (const name of unknown) await line(`there is no benchmark "${name}"`);
  for (const [name, { what }] of Object.entries(BENCHES)) await line(`  ${name.padEnd(12)}${what}`);
  Deno.exit(unknown.length > 0 ? 2 : 0);
}
for (const [name, { byDefault, run }] of Object.entries(BENCHES)) {
  if (names.length === 0 ? byDefault : names.includes(name)) await run();
}
Deno.exit(0);

/** A benchmark that is its own program: it needs a process to itself. */
function script(name: string, what: string): Bench {
  return {
    what,
    async run() {
      if (await runScript(name) !== 0) await line(`the benchmark ${name} failed`);
    },
  };
}

/** @returns its exit code. */
async function runScript(name: string, args: readonly string[] = []): Promise<number> {
  const path = new URL(`./bench/${name}.ts`, import.meta.url);
  const command = ["run", "-A", path.href, ...args];
  return (await new Deno.Command(Deno.execPath(), { args: command }).spawn().status).code;
}

/** Runs a part on its own real Asterisk, or says why there can be none. */
async function onAsterisk(part: (pbx: Testbed) => Promise<void>): Promise<void> {
  try {
    await using pbx = await startTestbed();
    await part(pbx);
  } catch (error) {
    if (!(error instanceof TestbedError)) throw error;
    await line(`\nno real Asterisk: ${error.message}`);
  }
}
