// `deno task test:pbx`: the tests that need a real Asterisk. Installs both releases into .cache/ (once),
// then runs tests/pbx, where each file starts and stops its own Asterisk on free ports. The last line
// says how many passed. Needs root on Linux, and says so.

import { TestbedError } from "../asterisk/error.ts";
import { installAsterisk } from "../asterisk/install.ts";
import { RELEASE_NAMES } from "../asterisk/releases.ts";
import { REAL_TIME_JOBS, runRealTimeStep, say, type Step } from "./steps.ts";
import { summaryLine } from "./summary.ts";

const FOLDER = "tests/pbx";

/** Arguments go to `deno test`: options, or the files to run instead of all. */
const files = Deno.args.some((arg) => arg.startsWith(FOLDER)) ? [] : [FOLDER];

/** Two files run at a time and no more, because they measure audio. */
const PBX_TESTS: Step = {
  title: "tests on a real Asterisk",
  args: ["test", "-A", "--no-check", ...files, ...Deno.args],
  jobs: REAL_TIME_JOBS,
  tests: true,
  timeoutMinutes: 45,
};

const counts = await installed()
  ? await runRealTimeStep(PBX_TESTS, FOLDER)
  : { passed: 0, failed: 1 };
await say(`\n${summaryLine(counts)}\n`);
Deno.exit(counts.failed === 0 ? 0 : 1);

async function installed(): Promise<boolean> {
  try {
    for (const release of RELEASE_NAMES) await installAsterisk(release);
    return true;
  } catch (error) {
    if (!(error instanceof TestbedError)) throw error;
    await say(`${error.message}\n`);
    return false;
  }
}
