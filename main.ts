// The command line: start, demo, doctor, kb; nothing else.

import { parseArgs } from "node:util";
import { type Command, HELP } from "./cli/help.ts";
import { print, printError } from "./cli/print.ts";
import { configureLogging } from "./config/logging.ts";
import { settingsFromEnvironment } from "./config/environment.ts";
import { OperatorError } from "./config/operator_error.ts";

/** Runs one command. Exit codes: 0 done, 1 failed, 2 wrong usage or settings. */
async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || !(name in HELP)) {
    printError(`usage: deno task start | demo | doctor | kb, each with --help`);
    return name === "--help" || name === "-h" ? 0 : 2;
  }
  const command = name as Command;
  if (args.includes("--help") || args.includes("-h")) {
    print(HELP[command]);
    return 0;
  }
  return await run(command, args);
}

async function run(command: Command, args: readonly string[]): Promise<number> {
  switch (command) {
    case "start": {
      const { values } = parse(args, { policies: { type: "boolean" } });
      const settings = settingsFromEnvironment();
      configureLogging(settings.LOG_LEVEL);
      const { showPolicies, start } = await import("./cli/start.ts");
      return values.policies ? showPolicies(settings) : await start(settings);
    }
    case "demo": {
      const { values } = parse(args, { json: { type: "boolean" } });
      const { demo } = await import("./cli/demo.ts");
      return await demo({ json: values.json === true });
    }
    case "doctor": {
      parse(args, {});
      const { doctor } = await import("./cli/doctor.ts");
      return await doctor();
    }
    case "kb": {
      const settings = settingsFromEnvironment();
      configureLogging(settings.LOG_LEVEL);
      const { runKb } = await import("./cli/kb.ts");
      return await runKb(args, settings);
    }
  }
}

function parse<const O extends Record<string, { type: "boolean" }>>(
  args: readonly string[],
  options: O,
) {
  try {
    return parseArgs({ args: [...args], options, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

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
