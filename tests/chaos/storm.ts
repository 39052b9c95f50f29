// The storm: many calls in conversation, faults of every kind at random moments, and then the questions
// that matter: was a call lost, was a caller left in silence, was anything forgotten?

import assert from "node:assert/strict";
import { join } from "node:path";
import { pause } from "../../runtime/waiting.ts";
import { Journal } from "../../actors/service/journal/journal.ts";
import { noMetrics } from "../../actors/service/metrics.ts";
import {
  holdsWithin,
  percentile,
  type Simulator,
  startSimulator,
  type TestPbx,
} from "../../testing/mod.ts";
import { describe } from "../../console/calls.ts";
import { spoken } from "../../testing/voice.ts";
import { Bombardment, type Inflicted, PHASES, planOf, type Recovery } from "./bombardment.ts";
import { FAULTS } from "./faults.ts";
import { PRIMARY, startModel } from "./model.ts";
import { Random } from "./random.ts";
import { type Report, spread } from "./report.ts";
import { type Holdings, ServiceProcess } from "./service_process.ts";
import { SmallDisk } from "./small_disk.ts";
import { longestSilence, Talker } from "./talker.ts";
import { Transcripts } from "./transcripts.ts";

/** A storm's dimensions. */
export interface StormOptions {
  readonly seed: number;
  readonly calls: number;
  readonly faults: number;
  /** Mean time between two faults, in milliseconds. */
  readonly everyMs: number;
  /**
   * With the permissions of `deno task start`: then the threads that it hangs keep their priority.
   * Without, they get only the CPU time that nobody else wants.
   */
  readonly confined: boolean;
}

const QUESTIONS = [
  "What is the price of the machine?",
  "Tell me about the installation.",
  "Tell me about the calibration.",
  "What is the warranty?",
];
/** A caller hangs up and calls again after a number of questions in this range. */
const QUESTIONS_A_CALL = [4, 12] as const;
/** Time for the last calls to end. */
const SETTLE_MS = 15_000;
/** The longest that the policies leave a caller waiting: AI_PROCESSING_TIMEOUT and the restart after it. */
const LONGEST_SILENCE_MS = 25_000;
/** How much two idle services may differ: a reconnecting socket, a pool being refilled. */
const SLACK = { files: 12, threads: 6 };
/** A little longer than the runtime keeps an idle connection. */
const IDLE_CONNECTION_MS = 100_000;
/** What a hung isolate holds until the process ends, because Deno cannot end its thread: see runtime/repairs/hung_thread.ts. */
const PER_HUNG_THREAD = { files: 16, threads: 4 };

/** Runs one storm. */
export async function storm(options: StormOptions, report: Report): Promise<void> {
  const { seed, calls, faults, confined } = options;
  const how = confined ? ", with the permissions of task start" : "";
  await report.heading(`storm: ${faults} faults over ${calls} calls, seed ${seed}${how}`);
  const random = new Random(seed);
  await using scope = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "voxbot-chaos-" });
  scope.defer(() => Deno.remove(folder, { recursive: true }).catch(() => undefined));
  const disk = await SmallDisk.mount(folder);
  if (disk) scope.use(disk);
  else await report.line("skipped: a full disk (a small tmpfs is needed, which takes root)");
  const pbx = scope.use(await startSimulator({ isolate: true }));
  const model = scope.use(startModel(new Random(seed)));
  const service = scope.use(
    new ServiceProcess(folder, {
      ...pbx.env,
      AGENT_PROVIDER: "openai",
      OPENAI_BASE_URL: model.url,
      LLM_MODEL_PRIMARY: PRIMARY,
      TTS_PROVIDER: "openai,local",
      AGENT_TOOLS: "send_dtmf",
      // The model finds its place in a call by counting the questions.
      LLM_HISTORY_TOKENS: "100000",
      CALL_POOL_SIZE: "4",
      // What it holds before and after is compared.
      CALL_POOL_MAX: "4",
      HUNG_THREADS_IDLE: String(!options.confined),
      // Another test covers calls that exceed the intensity.
      CALL_RESTART_INTENSITY: "1000",
    }),
  );
  await service.start();
  await service.ready();
  if (confined) assert.deepEqual(service.permissions(), service.permissionsNeeded());
  const idle = await settled(service);
  await report.line(`idle: ${JSON.stringify(idle)} ${kindsOf(service)}`);
  const questions = await Promise.all(QUESTIONS.map((text) => spoken(text)));
  const talkers = Array.from(
    { length: calls },
    (_, i) => new Talker(pbx, i, questions, new Random(seed + 1 + i)),
  );
  const transcripts = new Transcripts(service);
  transcripts.start();
  for (const talker of talkers) {
    talker.start(QUESTIONS_A_CALL);
    await pause(150);
  }
  await holdsWithin(SETTLE_MS, () => talkers.every(({ masked }) => transcripts.liveBy(masked)));

  const plan = random.shuffled(planOf(faults, disk !== undefined));
  const bombardment = new Bombardment({ service, pbx, disk, model }, transcripts, talkers);
  await bombardment.run(plan, options.everyMs, random);
  await pause(3000);
  const strangers = await callersOnlyThePbxKnows(service, pbx);
  await Promise.all(talkers.map((talker) => talker.stop()));
  await holdsWithin(SETTLE_MS, async () => (await service.calls()).every(({ endedAt }) => endedAt));
  await transcripts.stop();
  await transcripts.look();

  const all = talkers.flatMap((talker) => talker.calls.map((call) => ({ talker, call })));
  const { inflicted, recoveries } = bombardment;
  await tell(report, inflicted, recoveries, all.map(({ call }) => longestSilence(call)));
  await report.line(
    `${all.length} calls were made; simulator ticks skipped for want of CPU: ${await pbx
      .skippedTicks()}`,
  );

  await report.check(
    "every fault that was planned was inflicted, but for those that found nothing to break",
    inflicted.length >= plan.length * 0.9 ? [] : [`${inflicted.length} of ${plan.length}`],
  );
  await report.check(
    "calls were hit in every phase",
    PHASES.filter((phase) => recoveries.every((one) => one.phase !== phase)),
  );
  await report.check(
    "no call was lost",
    all.flatMap(({ talker, call }) =>
      call.over?.lost === undefined ? [] : [`caller ..${talker.masked}: ${call.over.lost}`]
    ),
  );
  await report.check(
    "every call the PBX had given to the service was in it at the end of the storm",
    strangers,
  );
  await report.check(
    "no caller was left in silence longer than the policy",
    all.map(({ talker, call }) => ({ masked: talker.masked, ms: longestSilence(call) }))
      .filter(({ ms }) => ms > LONGEST_SILENCE_MS)
      .map(({ masked, ms }) => `caller ..${masked}: ${Math.round(ms)} ms`),
  );
  await report.check("no turn was lost or doubled", [...transcripts.problems]);
  const tools = await toolsOf(service, pbx);
  await report.line(
    `  ${tools.wanted} times a call wanted keys pressed, ${tools.pressed} times the PBX pressed some`,
  );
  await report.check(
    "no tool ran twice, and none that nobody wanted",
    tools.pressed > 0 ? tools.problems : ["no keys were pressed at all"],
  );
  await report.check("the journal says the same as the API", await journalProblems(service));
  await report.check("no channel and no bridge is left on the PBX", await leftovers(pbx));
  await settled(service);
  const hung = await service.hungThreads();
  // Each adopted call leaves an idle connection to the PBX, which the runtime closes after a while.
  await holdsWithin(
    IDLE_CONNECTION_MS,
    async () => held(idle, await service.holdings(), hung).length === 0,
  );
  const after = await service.holdings();
  await report.line(
    `idle again: ${JSON.stringify(after)} ${kindsOf(service)}, ${hung} hung threads`,
  );
  await report.check("the service holds no more than before the storm", held(idle, after, hung));
  service.signal("SIGTERM");
  const code = await service.ended(10_000);
  await report.check(
    "the service ends by itself: no timer and no socket keeps it",
    code === 0 ? [] : [code === undefined ? "it did not within 10 s" : `exit code ${code}`],
  );
  if (report.counts.failed > 0) {
    const kept = await Deno.makeTempFile({ prefix: "voxbot-chaos-", suffix: ".log" });
    await Deno.copyFile(join(folder, "service.log"), kept);
    await report.line(`the service's log: ${kept}`);
  }
}

async function tell(
  report: Report,
  inflicted: readonly Inflicted[],
  recoveries: readonly Recovery[],
  silences: readonly number[],
): Promise<void> {
  await report.line(
    "\nms from the fault until the caller is listened to again (of that, since the isolate was known to" +
      " have ended) / until the caller hears the cut sentence again",
  );
  for (const { kind, hits } of FAULTS) {
    const count = inflicted.filter(({ fault }) => fault.kind === kind).length;
    const of = recoveries.filter(({ fault }) => fault.kind === kind);
    const heard = of.flatMap(({ heardMs }) => heardMs ?? []);
    const replaced = of.map(({ replacedMs }) => replacedMs);
    const part = [0.5, 0.95].map((share) => Math.round(percentile(replaced, share))).join(", ");
    const figures = hits === "no call"
      ? "no call was interrupted by it"
      : `${spread(of.map(({ listenedToMs }) => listenedToMs))} (${part}) / ${spread(heard)}${
        withoutSlowed(of)
      }`;
    await report.line(`  ${kind.padEnd(21)} ${String(count).padStart(4)}   ${figures}`);
  }
  await report.line("\ncalls interrupted, by fault and by what they were doing");
  const phases = [...new Set(recoveries.map(({ phase }) => phase))].toSorted();
  const cell = (value: string | number) => String(value).padStart(10);
  await report.line(`  ${"".padEnd(21)} ${phases.map(cell).join("")}`);
  for (const { kind } of FAULTS.filter(({ hits }) => hits !== "no call")) {
    const of = recoveries.filter(({ fault }) => fault.kind === kind);
    const counts = phases.map((phase) => cell(of.filter((one) => one.phase === phase).length));
    await report.line(`  ${kind.padEnd(21)} ${counts.join("")}`);
  }
  const sums = phases.map((phase) => recoveries.filter((one) => one.phase === phase).length);
  await report.line(`  ${"all".padEnd(21)} ${sums.map(cell).join("")}`);
  await report.line(`  longest silence of each call: ${spread(silences)}`);
}

/** The 95th percentile without the recoveries that another fault slowed down, if there are any. */
function withoutSlowed(recoveries: readonly Recovery[]): string {
  const others = recoveries.filter(({ slowed }) => !slowed);
  const count = recoveries.length - others.length;
  if (count === 0 || others.length === 0) return "";
  const p95 = Math.round(percentile(others.map(({ listenedToMs }) => listenedToMs), 0.95));
  return `; p95 ${p95} but for ${count} while the PBX was slow`;
}

/** Compares the fold of the journal's events with the API, call by call. */
async function journalProblems(service: ServiceProcess): Promise<string[]> {
  const problems: string[] = [];
  using journal = Journal.open(join(service.dataDir, "journal.sqlite"), noMetrics);
  const folded = new Map(journal.endedCalls(100_000).map((record) => [record.id, record]));
  for (const { id } of await service.calls()) {
    const record = folded.get(id);
    if (!record) {
      problems.push(`${id} is not in the journal`);
      continue;
    }
    const told = JSON.stringify(await service.call(id));
    if (JSON.stringify(describe(record, undefined)) !== told) problems.push(`${id} differs`);
  }
  return problems;
}

/** The key presses that calls requested, by the journal, compared with those that the PBX made. */
async function toolsOf(service: ServiceProcess, pbx: Simulator) {
  using journal = Journal.open(join(service.dataDir, "journal.sqlite"), noMetrics);
  const wanted = new Map<string, number>();
  for (const { channelId, tools } of journal.endedCalls(100_000)) {
    for (const { call } of tools) {
      if (call.name === "send_dtmf") count(wanted, `${channelId} ${call.digits}`);
    }
  }
  const pressed = new Map<string, number>();
  for (const { method, path, query, status } of await pbx.requests()) {
    const channelId = /^\/channels\/(.+)\/dtmf$/.exec(path)?.[1];
    if (method !== "POST" || channelId === undefined || status >= 300) continue;
    const digits = new URLSearchParams(query).get("dtmf");
    count(pressed, `${decodeURIComponent(channelId)} ${digits}`);
  }
  const problems = [
    ...[...wanted].filter(([, times]) => times > 1).map(([keys]) => `${keys} is wanted twice`),
    ...[...pressed].filter(([keys, times]) => times > 1 || !wanted.has(keys))
      .map(([keys, times]) => `${keys} was pressed ${times} times`),
  ];
  return { wanted: wanted.size, pressed: pressed.size, problems };
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

/** Callers in the service's application whom the service does not know; a call that has just begun is waited for. */
async function callersOnlyThePbxKnows(service: ServiceProcess, pbx: Simulator): Promise<string[]> {
  let found: string[] = [];
  await holdsWithin(SETTLE_MS, async () => {
    // Callers who rang while the service was down are in the fallback context and not among its calls.
    const callers = (await pbx.channels())
      .filter(({ id, app }) => !id.startsWith("voxbot-") && app !== undefined);
    const live = (await service.calls()).filter(({ endedAt }) => endedAt === undefined);
    found = live.length === callers.length
      ? []
      : [`${callers.length} callers on the PBX, ${live.length} calls in the service`];
    return found.length === 0;
  });
  return found;
}

async function leftovers(
  pbx: Pick<TestPbx, "leftovers">,
): Promise<string[]> {
  let left: readonly string[] = [];
  await holdsWithin(SETTLE_MS, async () => {
    left = Object.values(await pbx.leftovers()).flat();
    return left.length === 0;
  });
  return [...left];
}

/** The resources of an idle service with a full pool and a running engine. */
async function settled(service: ServiceProcess): Promise<Holdings> {
  await holdsWithin(SETTLE_MS, async () => await service.metric("isolate_pool_size") >= 4);
  await pause(1500);
  return await service.holdings();
}

/** Its open handles by kind. */
function kindsOf(service: ServiceProcess): string {
  return [...service.handles()].map(([kind, count]) => `${kind} ${count}`).join(", ");
}

function held(before: Holdings, after: Holdings, hung: number): string[] {
  return (["files", "threads"] as const)
    .filter((what) => after[what] > before[what] + SLACK[what] + hung * PER_HUNG_THREAD[what])
    .map((what) => `${what}: ${before[what]} before, ${after[what]} after, ${hung} hung threads`);
}
