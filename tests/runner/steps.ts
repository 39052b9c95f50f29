// Runs Deno's own commands one after another, streams their output and counts the tests that passed.

import { type Counts, readFailures, readSummary, withSecondTry } from "./summary.ts";

/** One Deno sub-command. */
export interface Step {
  readonly title: string;
  readonly args: readonly string[];
  /** Whether its output ends with a summary of passed and failed tests. */
  readonly tests: boolean;
  /** Longer than it takes on a slow machine. A step that hangs is stopped and counts as failed. */
  readonly timeoutMinutes: number;
  /** How many files run side by side; one, unless given. */
  readonly jobs?: number;
}

/**
 * Files of tests that play audio in real time, side by side. A call of theirs uses a third of a core,
 * and most of its time is waiting for speech to end.
 */
export const REAL_TIME_JOBS = 2;

/** The project's folder. */
export const ROOT = new URL("../..", import.meta.url);

/** Runs one step and shows its output. A step that fails without counted failures counts as one failure. */
export async function runStep(step: Step): Promise<Counts> {
  return (await run(step)).counts;
}

/**
 * Runs tests that play audio in real time, which a busy machine can delay: failed tests run once more,
 * one after another, and those that pass only then are named.
 */
export async function runRealTimeStep(step: Step, folder: string): Promise<Counts> {
  const { counts, output } = await run(step);
  const { files, tests } = readFailures(output);
  if (counts.failed === 0 || files.length === 0) return counts;
  const only = tests.length > 0 ? [`--filter=/^(?:${tests.map(escapeRegExp).join("|")})$/`] : [];
  const args = step.args.flatMap((arg) => arg === folder ? [...only, ...files] : [arg]);
  const again = await runStep({ ...step, title: `${step.title}, second try`, args, jobs: 1 });
  const together = withSecondTry(counts, again);
  const mended = counts.failed - together.failed;
  const which = together.failed === 0 ? `: ${tests.join("; ")}` : "";
  if (mended > 0) await say(`\n${mended} test(s) passed only at the second try${which}\n`);
  return together;
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

async function run(
  { title, args, tests, timeoutMinutes, jobs = 1 }: Step,
): Promise<{ readonly counts: Counts; readonly output: string }> {
  const command = jobs > 1 ? [...args, "--parallel"] : args;
  await say(`\n--- ${title}: deno ${command.join(" ")}\n`);
  const timeout = AbortSignal.timeout(timeoutMinutes * 60_000);
  const child = new Deno.Command(Deno.execPath(), {
    args: [...command],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    env: {
      // Tests load models in their own process: see forbidTelemetry of config/environment.ts.
      ORT_DISABLE_TELEMETRY: "1",
      ...jobs > 1 && { DENO_JOBS: String(jobs) },
      ...!Deno.stdout.isTerminal() && { NO_COLOR: "1" },
    },
    signal: timeout,
  }).spawn();
  let output = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    output += chunk;
    await say(chunk);
  }
  const { success } = await child.status;
  if (timeout.aborted) await say(`${title}: stopped after ${timeoutMinutes} minutes\n`);

  const counts = tests ? readSummary(output) : { passed: 0, failed: 0 };
  return { counts: success || counts.failed > 0 ? counts : { ...counts, failed: 1 }, output };
}

/** Writes the whole text to standard output. */
export async function say(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
}
