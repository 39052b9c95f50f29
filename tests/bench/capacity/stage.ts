// Everything that a capacity run consists of: a real Asterisk, the service as an operator starts it, the
// callers, and the streamed speech services, each in a process of its own.

import { join } from "node:path";
import { BOT_EXTENSION, startTestbed, type Testbed } from "../../asterisk/testbed.ts";
import { ServiceProcess } from "../../chaos/service_process.ts";
import type { CallersOptions, CallersReport, LevelRequest } from "./callers/messages.ts";
import { Child } from "./child.ts";
import type { CapacityOptions } from "./options.ts";
import { isolates, readCpu } from "./usage.ts";

/** More than are ever offered. */
const NO_LIMIT = 10_000;
/** Calls that end while others begin. */
const SPARE_CALLS = 20;

/** The processes of a run. Dispose it to end them all. */
export interface Stage extends AsyncDisposable {
  readonly pbx: Testbed;
  readonly pbxPid: number;
  readonly service: ServiceProcess;
  /** The ids of the speech engine's threads; filled once known. */
  engine: readonly number[];
  readonly callers: Child<LevelRequest, CallersReport>;
  /** Absent with local engines. */
  readonly speechPid?: number;
  /** The service's warnings and errors so far. */
  complaints(): Promise<readonly string[]>;
}

/** Starts them, and waits until the service takes calls. @throws {TestbedError} */
export async function startStage(options: CapacityOptions): Promise<Stage> {
  await using scope = new AsyncDisposableStack();
  const { cpus, engines } = options;
  const language = engines === "streamed" ? "ru" : "en";
  const pbx = scope.use(await startTestbed());
  const pbxPid = Number(await Deno.readTextFile(join(pbx.folder, "run/asterisk.pid")));
  if (cpus.pbx !== undefined) await pin(pbxPid, cpus.pbx);
  const offers = options.mode.kind === "offer";
  if (!offers) await pbx.cli(`dialplan set global VOXBOT_MAX_CALLS ${NO_LIMIT}`);

  const speech = engines === "streamed"
    ? scope.use(
      new Child<never, Record<string, string>>(
        new URL("./speech_services.ts", import.meta.url),
        [String(options.delayMs), language],
        cpus.speech,
      ),
    )
    : undefined;
  const folder = await Deno.makeTempDir({ prefix: "voxbot-capacity-" });
  scope.defer(() => Deno.remove(folder, { recursive: true }));
  const service = scope.use(
    new ServiceProcess(folder, {
      ...pbx.env,
      ASTERISK_LANG: language,
      // This PBX does not see the folder of a test: the notices to callers too many lie in its own.
      ASTERISK_SOUNDS_DIR: pbx.soundsDir,
      FAULT_INJECTION: "0",
      HUNG_THREADS_IDLE: "0",
      // As an operator has them.
      LOG_LEVEL: "info",
      RECORD_CALLS: "1",
      MAX_CALLS_PER_CALLER: "5",
      ...!offers && { MAX_CALLS: String(mostCalls(options) + SPARE_CALLS) },
      ...await speech?.next(),
      ...options.settings,
    }, { cpus: cpus.service }),
  );
  await service.start();
  await service.ready();
  const callers = scope.use(await startCallers(options, pbx, language));
  const owned = scope.move();
  return {
    pbx,
    pbxPid,
    service,
    engine: isolates(readCpu(service.pid)),
    callers,
    speechPid: speech?.pid,
    complaints: async () => complaintsIn(await Deno.readTextFile(join(folder, "service.log"))),
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}

function mostCalls({ mode }: CapacityOptions): number {
  if (mode.kind === "levels") return Math.max(...mode.levels);
  return mode.kind === "ramp" ? mode.to : mode.calls;
}

/** The lines of a log that say that something is wrong. */
export function complaintsIn(log: string): string[] {
  return log.split("\n").filter((line) => / (WARNING|ERROR|FATAL) /.test(line));
}

async function startCallers(
  { codec, cpus }: CapacityOptions,
  pbx: Testbed,
  language: "en" | "ru",
): Promise<Child<LevelRequest, CallersReport>> {
  const options: CallersOptions = {
    account: { ...pbx.sip, extension: BOT_EXTENSION },
    codec,
    language,
  };
  const module = new URL("./callers/main.ts", import.meta.url);
  const callers = new Child<LevelRequest, CallersReport>(
    module,
    [JSON.stringify(options)],
    cpus.callers,
  );
  await callers.next(); // It is ready.
  return callers;
}

async function pin(pid: number, cpus: string): Promise<void> {
  const args = ["-a", "-c", "-p", cpus, String(pid)];
  const { success, stderr } = await new Deno.Command("taskset", { args }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}
