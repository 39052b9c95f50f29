// A PBX, the service on it, and callers: the stage of every scenario.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CallRecord } from "../../actors/call_record.ts";
import { startService } from "../../cli/service.ts";
import { configureLogging } from "../../config/logging.ts";
import { settingsWith } from "../../config/read_settings.ts";
import type { Settings } from "../../config/settings.ts";
import { eventually, type TestCaller, type TestPbx, untilSpokenTo } from "../../testing/mod.ts";
import { spoken } from "../../testing/voice.ts";
import { type ServiceUnderTest, StartedService } from "../confinement/started_service.ts";

configureLogging("error");

/** A service on a PBX. */
export class World implements AsyncDisposable {
  #placing: Promise<unknown> = Promise.resolve();
  readonly #callers: TestCaller[] = [];

  private constructor(
    readonly pbx: TestPbx,
    readonly dataDir: string,
    public service: ServiceUnderTest,
  ) {}

  /**
   * Starts the service on a running PBX, which the caller of this function stops.
   *
   * @param confined as `deno task start` does, with its permissions; otherwise in the test's process,
   *   which may do all. A real PBX gets the real thing unless the test says otherwise.
   */
  static async start(
    pbx: TestPbx,
    changes: Partial<Settings> = {},
    confined = pbx.kind === "asterisk",
  ): Promise<World> {
    const dataDir = await mkdtemp(join(tmpdir(), "voxbot-"));
    const wanted: Partial<Settings> = {
      ...pbx.env,
      // Scenarios that hand calls over name the context themselves.
      ARI_FALLBACK_CONTEXT: "",
      ASTERISK_LANG: "en",
      DATA_DIR: dataDir,
      LOG_LEVEL: "error",
      // The phones of a PBX all have one number.
      // The machine of a test is busy with other tests.
      CAPACITY_GUARD: false,
      MAX_CALLS_PER_CALLER: 0,
      ...changes,
    };
    if (confined) {
      const service = await StartedService.start(dataDir, { RECORD_CALLS: true, ...wanted });
      return new World(pbx, dataDir, service);
    }
    const service = await startService(settingsWith({ CONSOLE_PORT: 0, ...wanted }));
    await service.connected;
    return new World(pbx, dataDir, service);
  }

  /** Places a call and waits for the end of the greeting. */
  async greeted(): Promise<{ caller: TestCaller; record: CallRecord }> {
    const { caller, record } = await this.called();
    await untilSpokenTo(caller.heard, 0);
    await eventually(() => record.phase === "listening", "the greeting was heard to its end");
    return { caller, record };
  }

  /** Places a call and waits until the service knows it. Calls are placed one at a time, so that each finds its own record. */
  called(): Promise<{ caller: TestCaller; record: CallRecord }> {
    const call = this.#placing.then(() => this.#place());
    this.#placing = call.catch(() => undefined);
    return call;
  }

  async #place(): Promise<{ caller: TestCaller; record: CallRecord }> {
    const before = new Set(this.service.switchboard.list().map(({ id }) => id));
    const caller = await this.pbx.call();
    this.#callers.push(caller);
    await caller.answered;
    const record = await eventually(
      () => this.service.switchboard.list().find(({ id }) => !before.has(id)),
      "the service knows the call",
    );
    return { caller, record };
  }

  /** Hangs up every remaining caller: a failed scenario must not fail the next one. */
  async hangUpAll(): Promise<void> {
    await Promise.allSettled(
      this.#callers.splice(0).map((caller) => caller[Symbol.asyncDispose]()),
    );
  }

  /** Waits until neither the service nor the PBX has anything left of any call. */
  async nothingLeft(): Promise<void> {
    await eventually(() => this.service.switchboard.size === 0, "no call is live");
    let left = "";
    await eventually(async () => {
      left = Object.values(await this.pbx.leftovers()).flat().join(" ");
      return left === "";
    }, () => `nothing is left on the PBX, but there is ${left}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hangUpAll();
    await this.service[Symbol.asyncDispose]();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

/** Says a sentence and waits for the answer. Times are `performance.now()`. */
export async function ask(
  caller: TestCaller,
  sentence: string,
): Promise<{ readonly endedAt: number; readonly answeredAt: number }> {
  const { endedAt } = await caller.say(await spoken(sentence));
  return { endedAt, answeredAt: await untilSpokenTo(caller.heard, endedAt) };
}

/** The turns in which the caller spoke. */
export function asked(record: CallRecord) {
  return record.turns.filter(({ caller }) => caller !== undefined);
}
