// `deno task test`: everything that needs no root and no PBX. Formatting, lint and types first, then
// the unit tests side by side, then the scenarios one by one: they play audio in real time, and a
// busy machine would make them late. The last line is the sum.

import { type Counts, readSummary, sum, summaryLine } from "./summary.ts";

/** Folders whose tests need a PBX, a browser or an hour: each has a task of its own. */
const ELSEWHERE = ["tests/pbx", "tests/chaos", "tests/browser"];
const SCENARIOS = "tests/scenarios";
/** Longer than any step takes on a slow machine; what hangs is stopped and counted as failed. */
const STEP_TIMEOUT_MS = 20 * 60 * 1000;

const ROOT = new URL("..", import.meta.url);

/** One sub-command of Deno's; a `tests` step counts what its summary says. */
interface Step {
  readonly title: string;
  readonly args: readonly string[];
  readonly tests: boolean;
}

const CHECKS: readonly Step[] = [
  { title: "dependencies", args: ["install"], tests: false },
  { title: "formatting", args: ["fmt", "--check"], tests: false },
  { title: "lint", args: ["lint"], tests: false },
  { title: "types", args: ["check", "--quiet", "."], tests: false },
];

const UNIT_TESTS: Step = {
  title: "unit tests",
  args: [
    ...["test", "-A", "--no-check", "--parallel"],
    `--ignore=${[...ELSEWHERE, SCENARIOS].join(",")}`,
  ],
  tests: true,
};

const SCENARIO_TESTS: Step = {
  title: "scenarios",
  args: ["test", "-A", "--no-check", SCENARIOS],
  tests: true,
};

const steps = [...CHECKS, UNIT_TESTS, ...await exists(SCENARIOS) ? [SCENARIO_TESTS] : []];
const results: Counts[] = [];
for (const step of steps) results.push(await run(step));

const total = sum(results);
await say(`\n${summaryLine(total)}\n`);
Deno.exit(total.failed === 0 ? 0 : 1);

/** Runs one step, showing its output as it comes. */
async function run({ title, args, tests }: Step): Promise<Counts> {
  await say(`\n--- ${title}: deno ${args.join(" ")}\n`);
  const timeout = AbortSignal.timeout(STEP_TIMEOUT_MS);
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    env: Deno.stdout.isTerminal() ? {} : { NO_COLOR: "1" },
    signal: timeout,
  }).spawn();
  let output = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    output += chunk;
    await say(chunk);
  }
  const { success } = await child.status;
  if (timeout.aborted) await say(`${title}: stopped after ${STEP_TIMEOUT_MS / 60_000} minutes\n`);

  const counts = tests ? readSummary(output) : { passed: 0, failed: 0 };
  if (success || counts.failed > 0) return counts;
  return { ...counts, failed: 1 };
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(new URL(path, ROOT))).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function say(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
}
