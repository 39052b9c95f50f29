// `deno task test:pbx`: the tests that need a real Asterisk. Installs one into .cache/ (once), then
// runs tests/pbx, where each file starts and stops an Asterisk of its own on free ports. The last
// line says how many passed. Needs root on Linux; says so where it is missing.

import { TestbedError } from "../asterisk/testbed/error.ts";
import { installAsterisk } from "../asterisk/testbed/install.ts";
import { type Counts, readSummary, summaryLine } from "./summary.ts";

const ROOT = new URL("..", import.meta.url);
/** Longer than all of them take on a slow machine; what hangs is stopped and counted as failed. */
const TIMEOUT_MS = 30 * 60 * 1000;

const counts = await installed() ? await runTests() : { passed: 0, failed: 1 };
await say(`\n${summaryLine(counts)}\n`);
Deno.exit(counts.failed === 0 ? 0 : 1);

async function installed(): Promise<boolean> {
  try {
    await installAsterisk();
    return true;
  } catch (error) {
    if (!(error instanceof TestbedError)) throw error;
    await say(`${error.message}\n`);
    return false;
  }
}

/** Runs the tests one file after another, for they measure audio; shows their output as it comes. */
async function runTests(): Promise<Counts> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "tests/pbx", ...Deno.args],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    env: Deno.stdout.isTerminal() ? {} : { NO_COLOR: "1" },
    signal: timeout,
  }).spawn();
  let output = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    output += chunk;
    await say(chunk);
  }
  const { success } = await child.status;
  if (timeout.aborted) await say(`stopped after ${TIMEOUT_MS / 60_000} minutes\n`);
  const found = readSummary(output);
  return success || found.failed > 0 ? found : { ...found, failed: 1 };
}

async function say(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
}
