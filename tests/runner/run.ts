// `deno task test`: everything that needs neither root nor a PBX. Formatting, lint and types first, then
// the unit tests in parallel, then the scenarios two files at a time: they play audio in real time and
// would be late on a busy machine. The last line is the sum.

import { REAL_TIME_JOBS, runRealTimeStep, runStep, say, type Step } from "./steps.ts";
import { type Counts, sum, summaryLine } from "./summary.ts";

/** Folders whose tests need a PBX or an hour; each has its own task. */
const ELSEWHERE = ["tests/pbx", "tests/chaos", "tests/browser"];
const SCENARIOS = "tests/scenarios";

const CHECKS: readonly Step[] = [
  { title: "dependencies", args: ["install"], tests: false, timeoutMinutes: 15 },
  { title: "formatting", args: ["fmt", "--check"], tests: false, timeoutMinutes: 5 },
  { title: "lint", args: ["lint"], tests: false, timeoutMinutes: 5 },
  { title: "types", args: ["check", "--quiet", "."], tests: false, timeoutMinutes: 10 },
];

const UNIT_TESTS: Step = {
  title: "unit tests",
  args: [
    ...["test", "-A", "--no-check", "--parallel"],
    `--ignore=${[...ELSEWHERE, SCENARIOS].join(",")}`,
  ],
  tests: true,
  timeoutMinutes: 10,
};

const DOC_EXAMPLES: Step = {
  title: "examples in documentation",
  args: ["test", "-A", "--no-check", "--doc", "testing/mod.ts"],
  tests: true,
  timeoutMinutes: 5,
};

const SCENARIO_TESTS: Step = {
  title: "scenarios",
  args: ["test", "-A", "--no-check", SCENARIOS],
  jobs: REAL_TIME_JOBS,
  tests: true,
  timeoutMinutes: 35,
};

const results: Counts[] = [];
for (const step of [...CHECKS, UNIT_TESTS, DOC_EXAMPLES]) results.push(await runStep(step));
results.push(await runRealTimeStep(SCENARIO_TESTS, SCENARIOS));

const total = sum(results);
await say(`\n${summaryLine(total)}\n`);
Deno.exit(total.failed === 0 ? 0 : 1);
