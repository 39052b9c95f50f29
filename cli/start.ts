// `start`: the service, until SIGTERM.
//
// deno.json starts it with V8 optimising only what runs ten times as often as it would wait for.
// V8's defaults are for one isolate that lives long; here each call's isolate compiles the same few
// functions anew, and most are gone before that pays: with twenty calls the compilers took 16 to
// 20 % of a core, and so 7, while the calls took no more. And each isolate collects its garbage by
// itself: V8's helpers, two on two cores, are waited for by all of them, and a heap that overflows
// while twenty calls talk takes a third longer to be noticed. Nor does V8 try as long as it would: a
// heap still more than 85 % full after four collections in a row is out of memory, and its caller
// waits for the next isolate half as long. All of these can be set on the command line only.

import { describePolicies, policiesOf } from "../actors/service/policies.ts";
import { logger } from "../config/logging.ts";
import type { Settings } from "../config/settings.ts";
import { VERSION } from "../config/version.ts";
import { print } from "./print.ts";
import { startService } from "./service.ts";

const log = logger("service");

/**
 * Runs the service until SIGTERM or SIGINT: then it takes no new calls, lets the running ones
 * finish within `DRAIN_TIMEOUT_SECONDS` and hands over the rest. A second signal ends it at once.
 *
 * @returns the exit code.
 */
export async function start(settings: Settings): Promise<number> {
  const asked = Promise.withResolvers<Deno.Signal>();
  const insisted = Promise.withResolvers<void>();
  let signals = 0;
  const onSignal = (signal: Deno.Signal) => () => {
    if (++signals === 1) asked.resolve(signal);
    else insisted.resolve();
  };
  const handlers = (["SIGTERM", "SIGINT"] as const).map((signal) => ({
    signal,
    handler: onSignal(signal),
  }));
  for (const { signal, handler } of handlers) Deno.addSignalListener(signal, handler);
  try {
    await using service = await startService(settings);
    log.info("service started", {
      version: VERSION,
      console: service.consoleUrl,
      app: settings.ARI_APP_NAME,
    });
    const signal = await asked.promise;
    log.info("draining; a second signal ends at once", { signal, calls: service.switchboard.size });
    await Promise.race([service.drain(), insisted.promise]);
    log.info("service ends", { calls: service.switchboard.size });
    return 0;
  } finally {
    for (const { signal, handler } of handlers) Deno.removeSignalListener(signal, handler);
  }
}

/** Prints every deadline of a call and what follows it. */
export function showPolicies(settings: Settings): number {
  print(describePolicies(policiesOf(settings)));
  return 0;
}
