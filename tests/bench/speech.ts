// `deno task bench speech`: what the cloud speech services cost on our side, each figure with its aim.
// Measured against stand-in servers on this machine, so the figures are ours, not Yandex's.
// Measure on a quiet machine. Options: --calls, --voice, --ear or --failover for one part only.

import { line } from "./print.ts";
import { benchCalls } from "./speech_calls.ts";
import { benchEar } from "./speech_ear.ts";
import { benchFailover } from "./speech_failover.ts";
import { benchVoice } from "./speech_voice.ts";

const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  // First, because it measures memory.
  "--calls": benchCalls,
  "--voice": benchVoice,
  "--ear": benchEar,
  "--failover": benchFailover,
};

for (const [option, bench] of Object.entries(PARTS)) {
  if (Deno.args.length > 0 && !Deno.args.includes(option)) continue;
  await line(`\n== speech services: ${option.slice(2)}`);
  await bench();
}
Deno.exit(0);
