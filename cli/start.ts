// `start`: the service, until SIGTERM.
//
// Its permissions are computed by cli/launch.ts, which the task `start` of deno.json runs first.
//
// V8 can be tuned on the command line only, so the flags stand in the task `start` of deno.json.
// V8's defaults suit one isolate that lives long; here each call has its own, which compiles the
// same functions again and mostly ends before that pays. Measured with twenty calls on two cores:
//
// - `--invocation-count-for-maglev`, `--invocation-count-for-turbofan`: ten times the defaults. The
//   compilers took 16 to 20 % of a core, and 7 % with these; the calls themselves took no more.
// - `--single-threaded-gc`: each isolate collects its own garbage. V8 has two helper threads for all
//   of them, and waiting for these delays by a third the report of a heap that overflows.
// - `--ineffective-gc-…`: an isolate is out of memory once four collections in a row leave its heap
//   more than 85 % full. Its caller then waits half as long for the next isolate.

import { describePolicies, policiesOf } from "../actors/service/policies.ts";
import { logger } from "../config/logging.ts";
import type { Settings } from "../config/settings.ts";
import { VERSION } from "../config/version.ts";
import { clearText } from "./doctor/clear_text.ts";
import { LastNet } from "./last_net.ts";
import { giveUpKeyFile } from "./permissions.ts";
import { print } from "./print.ts";
import { startService } from "./service.ts";
import { ServiceManager } from "./systemd/service_manager.ts";
import { StopSignals } from "./stop_signals.ts";

const log = logger("service");

/**
 * Runs the service until SIGTERM or SIGINT: then it takes no new calls, lets the running ones
 * finish within `DRAIN_TIMEOUT_SECONDS` and hands over the rest. A second signal ends it at once.
 *
 * @returns the exit code.
 */
export async function start(settings: Settings): Promise<number> {
  using _net = new LastNet();
  using signals = new StopSignals();
  await using service = await startService(settings);
  giveUpKeyFile(settings);
  using manager = new ServiceManager(settings.DATA_DIR);
  await manager.ready();
  log.info("service started", {
    version: VERSION,
    console: service.consoleUrl,
    app: settings.ARI_APP_NAME,
  });
  for (const { setting, host, exposes } of clearText(settings)) {
    log.warn("unencrypted to another machine", { setting, host, exposes });
  }
  const signal = await signals.asked;
  await manager.stopping();
  log.info("draining; a second signal ends at once", { signal, calls: service.switchboard.size });
  await Promise.race([service.drain(), signals.insisted]);
  log.info("service ends", { calls: service.switchboard.size });
  return 0;
}

/** Prints every deadline of a call and what follows it. */
export function showPolicies(settings: Settings): number {
  print(describePolicies(policiesOf(settings)));
  return 0;
}
