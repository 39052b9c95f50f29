// The command line: start, demo, doctor, kb, forget; nothing else.

import { parseArgs } from "node:util";
import { type Command, HELP } from "./cli/help.ts";
import { print, printError } from "./cli/print.ts";
import {
  forbidTelemetry,
  notesOfEnvironment,
  settingsFromEnvironment,
} from "./config/environment.ts";
import { configureLogging, logger } from "./config/logging.ts";
import { OperatorError } from "./config/operator_error.ts";
import type { Settings } from "./config/settings.ts";
import { VERSION } from "./config/version.ts";
import { messageOf } from "./runtime/error_text.ts";

const USAGE = `Usage: deno task ${Object.keys(HELP).join(" | ")}, each with --help or --version`;

/** Runs one command. Exit codes: 0 done, 1 failed, 2 an operator's mistake. */
async function main([name, ...args]: readonly string[]): Promise<number> {
  const asks = (...words: string[]) => words.some((word) => name === word || args.includes(word));
  const command = isCommand(name) ? name : undefined;
  if (asks("--version")) {
    print(`asterisk-vox-bot ${VERSION} (Deno ${Deno.version.deno})`);
    return 0;
  }
  if (asks("--help", "-h")) {
    print(command ? HELP[command] : USAGE);
    return 0;
  }
  if (!command) throw new UsageError(USAGE);
  return await run(command, args);
}

/** Each command is loaded only when it runs: `doctor` needs no model, `kb` no telephone line. */
async function run(command: Command, args: readonly string[]): Promise<number> {
  forbidTelemetry();
  switch (command) {
    case "start": {
      const { policies } = options(args, "policies");
      const settings = loggedSettings();
      const { showPolicies, start } = await import("./cli/start.ts");
      return policies ? showPolicies(settings) : await start(settings);
    }
    case "demo": {
      const { json } = options(args, "json");
      const { demo } = await import("./cli/demo.ts");
      return await demo({ json });
    }
    case "doctor": {
      options(args);
      const { doctor } = await import("./cli/doctor/mod.ts");
      return await doctor();
    }
    case "kb": {
      const settings = loggedSettings();
      const { runKb } = await import("./cli/kb.ts");
      return await runKb(args, settings);
    }
    case "forget": {
      const settings = loggedSettings();
      const { forget } = await import("./cli/forget/mod.ts");
      return await forget(args, settings);
    }
  }
}

function isCommand(name: string | undefined): name is Command {
  return name !== undefined && Object.hasOwn(HELP, name);
}

/** The settings of this process; logging is as they say from here on. */
function loggedSettings(): Settings {
  const notes = notesOfEnvironment();
  const settings = settingsFromEnvironment();
  configureLogging(settings.LOG_LEVEL, settings.LOG_FORMAT);
  for (const note of notes) logger("settings").warn(note);
  return settings;
}

/** Which of `names` are given as `--name`. */
function options<N extends string>(args: readonly string[], ...names: N[]): Record<N, boolean> {
  const known = Object.fromEntries(names.map((name) => [name, { type: "boolean" as const }]));
  try {
    const { values } = parseArgs({ args: [...args], options: known, strict: true });
    return Object.fromEntries(names.map((name) => [name, values[name] === true])) as Record<
      N,
      boolean
    >;
  } catch (cause) {
    throw new UsageError(messageOf(cause), { cause });
  }
}

/** The command line was not understood. */
class UsageError extends OperatorError {
  override readonly name = "UsageError";
}

if (import.meta.main) {
  try {
    Deno.exitCode = await main(Deno.args);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    printError(error.message);
    Deno.exitCode = 2;
  }
}
