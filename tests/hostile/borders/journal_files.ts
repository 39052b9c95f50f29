// The journal's files, as a power cut, a dying disk or somebody's editor leaves them: a service opens
// them, knows what calls it can, takes a call, and finds that call again in its next run.

import { UNGUARDED } from "../../../actors/service/capacity/headroom.ts";
import { closeDataFolder } from "../../../actors/service/data_folder.ts";
import { ServiceRig } from "../../../actors/service/calls/call_rig.ts";
import { Journal } from "../../../actors/service/journal/journal.ts";
import { Retention } from "../../../actors/service/retention/retention.ts";
import { Switchboard } from "../../../actors/service/switchboard/switchboard.ts";
import { describe, summarise } from "../../../console/calls.ts";
import { SYSTEM_TIME } from "../../../media/playout/frame_clock.ts";
import { abortable } from "../../../runtime/waiting.ts";
import type { Border } from "../border.ts";
import type { Mutator } from "../mutator.ts";
import { damage } from "./journal_damage.ts";
import { journalSamples, LIVE_CHANNEL, type SampleFiles } from "./journal_sample.ts";

/** Waits longer than this are those from one sweep to the next. */
const LONG_MS = 60_000;
/** Memory may not grow by more over all inputs, in MB. */
const MORE_MB = 400;
/** Between two looks at the memory. */
const LOOK_EVERY = 50;

/** The journal's files. */
export const journalFiles: Border = {
  name: "journal",
  share: 0.004,
  live: false,
  async open() {
    const samples = await journalSamples();
    const before = Deno.memoryUsage().rss;
    return {
      async take(mutator, index) {
        const folder = await Deno.makeTempDir({ prefix: "voxbot-hostile-" });
        try {
          const { what, spoilt } = await layOut(folder, mutator, mutator.random.pick(samples));
          try {
            await useAsService(folder, index, spoilt);
          } catch (error) {
            throw new Error(`${what}: ${error}`, { cause: error });
          }
          const held = await handlesInto(folder);
          if (held.length > 0) throw new Error(`${what}: still open: ${held.join(", ")}`);
          const moreMb = (Deno.memoryUsage().rss - before) / 1e6;
          if (index % LOOK_EVERY === 0 && moreMb > MORE_MB) {
            throw new Error(`${what}: ${Math.round(moreMb)} MB more than before`);
          }
          return what;
        } finally {
          await Deno.remove(folder, { recursive: true });
        }
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
};

/** Writes the sample's files and damages them. `spoilt`: no journal can be kept in this folder. */
async function layOut(
  folder: string,
  mutator: Mutator,
  files: SampleFiles,
): Promise<{ what: string; spoilt: boolean }> {
  for (const [name, bytes] of files) await Deno.writeFile(`${folder}/${name}`, bytes);
  const done = [await damage(folder, mutator)];
  if (!done[0]!.huge && mutator.chance(0.2)) done.push(await damage(folder, mutator));
  return {
    what: done.map(({ what }) => what).join(", then "),
    spoilt: done.some(({ spoilt }) => spoilt),
  };
}

/** What a service does with the folder, from its start to its end, and in its next run. */
async function useAsService(folder: string, index: number, spoilt: boolean): Promise<void> {
  const { id: callId, whole } = await inRun(folder, async (run) => {
    run.listAll();
    run.callerEnters(LIVE_CHANNEL);
    await run.reconcile();
    const id = run.callIsTaken(`new-${index}`);
    if (index % 4 === 0) await run.sweep();
    run.listAll();
    if (run.problem === undefined && run.refused > 0) {
      throw new Error(`the journal refused ${run.refused} entries and says nothing of it`);
    }
    // A journal that is set aside while calls are up keeps these, but not what happened in them before.
    return { id, whole: run.problem === undefined };
  });
  await inRun(folder, (run) => {
    const kept = run.journal.liveCalls().concat(run.journal.endedCalls(1000))
      .find(({ id }) => id === callId);
    if (!spoilt && (whole ? kept?.keys.length !== 1 : kept === undefined)) {
      throw new Error(
        `the call is not in the journal of the next run: ${run.problem ?? "no problem"}`,
      );
    }
  });
}

async function inRun<T>(folder: string, work: (run: Run) => T | Promise<T>): Promise<T> {
  const run = new Run(folder);
  try {
    return await work(run);
  } finally {
    await run.end();
  }
}

/** One run of the service, from its journal to its calls, on a PBX and with isolates that do as they should. */
class Run {
  readonly journal: Journal;
  readonly #rig: ServiceRig;
  readonly #switchboard: Switchboard;

  constructor(folder: string) {
    closeDataFolder(folder);
    const rig = this.#rig = new ServiceRig({ DATA_DIR: folder });
    const { settings, policies, isolates, metrics, pbx } = rig;
    this.journal = Journal.open(`${folder}/journal.sqlite`, metrics);
    this.#switchboard = new Switchboard({
      settings,
      policies,
      ari: pbx.gate,
      route: {
        problem: undefined,
        unknown: false,
        plan: (signal) => abortable(Promise.resolve({ kind: "websocket" } as const), signal),
        tidyUp: () => Promise.resolve(),
        removeRecordings: () => Promise.resolve(),
      },
      headroom: UNGUARDED,
      isolates,
      journal: this.journal,
      metrics,
      recording: rig.recording,
      dayTokens: rig.dayTokens,
    });
    pbx.onEvent = (event) => this.#switchboard.onEvent(event);
  }

  get problem(): string | undefined {
    return this.journal.problem;
  }

  /** Entries that the journal did not take. */
  get refused(): number {
    return this.#rig.counts("journalFailed").length;
  }

  /** A channel that was in the application before the service was. */
  callerEnters(channelId: string): void {
    const { pbx } = this.#rig;
    const { onEvent } = pbx;
    pbx.onEvent = () => {};
    pbx.enters(channelId);
    pbx.onEvent = onEvent;
  }

  async reconcile(): Promise<void> {
    await this.#switchboard.reconcile(this.#rig.pbx.commands);
  }

  /** A caller is taken and presses a key; the call's id. */
  callIsTaken(channelId: string): string {
    this.#rig.pbx.enters(channelId);
    const call = this.#switchboard.list().find((record) => record.channelId === channelId);
    if (!call || !this.#switchboard.isUp(call.id)) throw new Error("a call was not taken");
    this.#rig.pbx.keyPressed(channelId, "5");
    return call.id;
  }

  /** Shows every call, as the console does. */
  listAll(): void {
    for (const record of this.#switchboard.list()) {
      JSON.stringify([
        summarise({ ...record, restarts: record.restarts.length }),
        describe(record, undefined),
      ]);
    }
  }

  /** What retention does with the journal, without its rests. */
  async sweep(): Promise<void> {
    const swept = Promise.withResolvers<void>();
    const { settings, metrics } = this.#rig;
    await using _retention = startedRetention({
      settings: { ...settings, KEEP_JOURNAL_DAYS: 1 },
      journal: this.journal,
      switchboard: this.#switchboard,
      metrics,
      time: {
        ...SYSTEM_TIME,
        after: (ms, run) => {
          if (ms < LONG_MS) return SYSTEM_TIME.after(0, run);
          swept.resolve();
          return () => {};
        },
      },
    });
    await swept.promise;
  }

  async end(): Promise<void> {
    await this.#switchboard.letGo();
    this.journal[Symbol.dispose]();
    this.#rig[Symbol.dispose]();
  }
}

function startedRetention(options: ConstructorParameters<typeof Retention>[0]): Retention {
  const retention = new Retention(options);
  retention.start();
  return retention;
}

/** What this process holds open below `folder`. */
async function handlesInto(folder: string): Promise<string[]> {
  const held: string[] = [];
  for await (const { name } of Deno.readDir("/proc/self/fd")) {
    const target = await Deno.readLink(`/proc/self/fd/${name}`).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return ""; // The handle of this very look.
      throw error;
    });
    if (target.startsWith(folder)) held.push(target.slice(folder.length + 1));
  }
  return held;
}
