// `deno task test:hostile`: sends what no honest PBX, server, browser or operator would send across every
// border of the service, with calls beside it that must not notice.
//
//   --seed N       repeats a run (the seed is printed)
//   --inputs N     inputs in all            (100000; 1000000 is the long form)
//   --border NAME  one border only
//   --from N       the first input's index: replays a finding with its seed and border
//   --log LEVEL    the log level of the service under test  (info)

import { parseArgs } from "node:util";
import { Report } from "../chaos/report.ts";
import { hostile } from "../hostile/hostile.ts";
import { say } from "./steps.ts";
import { summaryLine } from "./summary.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    inputs: { type: "string", default: "100000" },
    border: { type: "string" },
    from: { type: "string", default: "0" },
    log: { type: "string", default: "info" },
  },
});
const [seed, inputs, from] = [values.seed, values.inputs, values.from].map((given) => {
  const number = Number(given);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new TypeError(`--seed, --inputs and --from take whole numbers, not ${given}`);
}) as [number, number, number];

const report = new Report();
await hostile({ seed, inputs, from, border: values.border, logLevel: values.log }, report);
await say(`\n${summaryLine(report.counts)}\n`);
Deno.exit(report.counts.failed === 0 ? 0 : 1);
