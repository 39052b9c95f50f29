// `deno task test:chaos`: breaks calls in every way we know, on the simulated PBX or, with
// `--only neighbours --on asterisk`, on a real one (installed into .cache/ once; see run_pbx.ts).
//
//   --seed N     repeats a run (the seed is printed)
//   --calls N    calls at once                    (20)
//   --faults N   faults in the storm              (120; 500 is the full run)
//   --every N    mean milliseconds between faults (1600)
//   --confined   the storm's service has the permissions of task start and no others: its hung threads
//                then keep their priority
//   --only NAME  storm, neighbours or soak
//   --on PBX     simulator or asterisk, for neighbours only: the others need a PBX that fails on demand
//   --transport NAME  the service's MEDIA_TRANSPORT, for neighbours (auto)
//   --soak N     calls of the soak                (none)

import { parseArgs } from "node:util";
import { TestbedError } from "../asterisk/error.ts";
import { neighbours } from "../chaos/neighbours.ts";
import { Report } from "../chaos/report.ts";
import { soak } from "../chaos/soak.ts";
import { storm } from "../chaos/storm.ts";
import { say } from "./steps.ts";
import { summaryLine } from "./summary.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    calls: { type: "string", default: "20" },
    faults: { type: "string", default: "120" },
    every: { type: "string", default: "1600" },
    soak: { type: "string", default: "0" },
    only: { type: "string" },
    on: { type: "string", default: "simulator" },
    transport: { type: "string", default: "auto" },
    confined: { type: "boolean", default: false },
  },
});
const [seed, calls, faults, everyMs, soakCalls] = [
  values.seed,
  values.calls,
  values.faults,
  values.every,
  values.soak,
].map(Number) as [number, number, number, number, number];
const { on, transport, confined } = values;
if (on !== "simulator" && on !== "asterisk") {
  throw new TypeError(`--on takes simulator or asterisk, not ${on}`);
}
const wanted = (name: string) =>
  (values.only ?? name) === name && (on === "simulator" || name === "neighbours");

const report = new Report();
await report.line(`load of this machine: ${Deno.loadavg().map((l) => l.toFixed(1)).join(" ")}`);
if (wanted("storm")) await storm({ seed, calls, faults, everyMs, confined }, report);
if (wanted("neighbours")) await whereItCanBe(() => neighbours({ calls, on, transport }, report));
if (wanted("soak") && soakCalls > 0) await soak({ calls: soakCalls }, report);
await report.line(`load of this machine: ${Deno.loadavg().map((l) => l.toFixed(1)).join(" ")}`);

await say(`\n${summaryLine(report.counts)}\n`);
Deno.exit(report.counts.failed === 0 ? 0 : 1);

/** Where a real Asterisk cannot run, counts the part as failed and says why. */
async function whereItCanBe(part: () => Promise<void>): Promise<void> {
  try {
    await part();
  } catch (error) {
    if (!(error instanceof TestbedError)) throw error;
    await report.check("there is an Asterisk to measure on", [error.message]);
  }
}
