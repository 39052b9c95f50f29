// The product as an operator starts it, by the command of `deno task start`, with what a scenario asks of
// a service: in place of `startService`, which runs in the test's own process and with its permissions.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { FaultKind } from "../../actors/otp/control.ts";
import { recordingFile } from "../../actors/service/calls/recording_file.ts";
import type { Service } from "../../cli/service.ts";
import type { Settings } from "../../config/settings.ts";
import { ServiceProcess } from "../chaos/service_process.ts";
import { say } from "../runner/steps.ts";
import { CallRecords } from "./call_records.ts";

/** How often it is asked whether it takes calls. */
const READY_EVERY_MS = 100;
/** It ends well before, once no call is up. */
const ENDS_WITHIN_MS = 15_000;

/** What scenarios use of a service, wherever it runs. */
export interface ServiceUnderTest
  extends Pick<Service, "consoleUrl" | "ready" | "injectEngineFault"> {
  readonly switchboard: Pick<
    Service["switchboard"],
    "list" | "size" | "injectFault" | "recordingPath"
  >;
  [Symbol.asyncDispose](): PromiseLike<void>;
}

/** A service in a process of its own, with exactly the permissions of `deno task start`. */
export class StartedService implements ServiceUnderTest {
  readonly consoleUrl: string;
  readonly #process: ServiceProcess;
  readonly #records: CallRecords;
  readonly #asking: ReturnType<typeof setInterval>;
  #ready = true;

  private constructor(process: ServiceProcess) {
    this.#process = process;
    this.consoleUrl = process.url;
    this.#records = new CallRecords(process.dataDir);
    this.#asking = setInterval(() => void this.#ask(), READY_EVERY_MS);
  }

  /**
   * Starts it and resolves once it takes calls.
   *
   * @throws {assert.AssertionError} when it runs with other permissions than the settings need.
   */
  static async start(dataDir: string, settings: Partial<Settings>): Promise<StartedService> {
    const process = new ServiceProcess(dataDir, environmentOf(settings));
    try {
      await process.start();
      await process.ready();
      assert.deepEqual(process.permissions(), process.permissionsNeeded());
      return new StartedService(process);
    } catch (error) {
      await tellLog(process);
      await process[Symbol.asyncDispose]();
      throw error;
    }
  }

  get switchboard(): ServiceUnderTest["switchboard"] {
    const records = this.#records;
    return {
      list: () => records.list(),
      get size() {
        return records.list().filter(({ endedAt }) => endedAt === undefined).length;
      },
      injectFault: (id, kind) => this.#process.breakCall(id, kind),
      recordingPath: (id) => {
        const path = recordingFile({ DATA_DIR: this.#process.dataDir }, id);
        return existsSync(path) ? path : undefined;
      },
    };
  }

  ready(): boolean {
    return this.#ready;
  }

  injectEngineFault(kind: FaultKind): Promise<number | undefined> {
    return this.#process.breakEngine(kind);
  }

  async #ask(): Promise<void> {
    const response = await fetch(`${this.consoleUrl}/ready`).catch(() => undefined);
    await response?.body?.cancel();
    this.#ready = response?.status === 200;
  }

  /** Ends it as an operator does; its callers must have hung up. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#asking);
    this.#records[Symbol.dispose]();
    this.#process.signal("SIGTERM");
    const code = await this.#process.ended(ENDS_WITHIN_MS);
    await tellLog(this.#process);
    await this.#process[Symbol.asyncDispose]();
    assert.equal(code, 0, "the service ended as it was asked to");
  }
}

/** Settings as the variables of the environment that `config/schema.ts` reads them from. */
function environmentOf(settings: Partial<Settings>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, asWritten(value)]),
  );
}

function asWritten(value: Settings[keyof Settings]): string {
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return value.join(",");
  return Object.entries(value).map(([key, extension]) => `${key}:${extension}`).join(",");
}

/** What the service logged, where tests in one process would have shown it. */
async function tellLog({ dataDir }: ServiceProcess): Promise<void> {
  await say(await Deno.readTextFile(join(dataDir, "service.log")));
}
