// One level: the callers talk, and while all of them do, the processes are read from outside.

import { percentile } from "../../../testing/mod.ts";
import type { CallersReport, CallResult, Frames, LevelRequest } from "./callers/messages.ts";
import { type ServiceView, serviceView } from "./service_view.ts";
import type { Stage } from "./stage.ts";
import {
  cores,
  type CpuReading,
  loads,
  machineTicks,
  readCpu,
  readMemory,
  serviceThread,
  type ThreadLoad,
} from "./usage.ts";

/** Percentiles of times, in milliseconds; NaN where there are none. */
export interface Times {
  readonly n: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** What the callers of a level met with. */
export interface Heard {
  readonly calls: number;
  /** Greeted, every question answered, and not ended by the other side. */
  readonly whole: number;
  readonly questions: number;
  readonly unanswered: number;
  readonly voiceToVoice: Times;
  readonly bargeIn: Times;
  readonly frameGap: Times;
  /** From the call to the greeting, for those who heard it. */
  readonly greeting: Times;
  /** From the call to a refusal or to a sound that was not the greeting. */
  readonly told: Times;
  /** Why calls ended early, and how many. */
  readonly ends: Readonly<Record<string, number>>;
  /** Of the time that the calls were up. */
  readonly speechShare: number;
  /** Gaps over 40 ms: the PBX had nothing to send, or sent too late. */
  readonly nothingToSend: number;
  readonly lateFrames: number;
  readonly lostFrames: number;
  readonly callersLateMs: number;
}

/** What the processes used while the whole level was up. */
export interface Used {
  readonly service: number;
  readonly threads: readonly ThreadLoad[];
  readonly pbx: number;
  readonly callers: number;
  readonly speech?: number;
  /** The share of all CPU time of the machine that nobody used. */
  readonly idle: number;
  /** The service's, at the end of the level. */
  readonly memoryMb: number;
  readonly ownMemoryMb: number;
  /** The service's own figures at that moment: what waits for a model, how late its thread is. */
  readonly waiting: Readonly<Record<string, number>>;
}

/** One level's figures. */
export interface Level {
  readonly heard: Heard;
  /** Absent unless the level was held. */
  readonly used?: Used;
  readonly seen: ServiceView;
  /** New lines of the service's log that say that something is wrong. */
  readonly complaints: readonly string[];
}

/** Runs one level, until its last call is over. */
export async function runLevel(stage: Stage, request: LevelRequest): Promise<Level> {
  const before = (await stage.complaints()).length;
  await stage.callers.tell(request);
  let start: Reading | undefined;
  let used: Used | undefined;
  let report: CallersReport;
  do {
    report = await stage.callers.next();
    if (report.kind === "steady") start = reading(stage);
    if (report.kind === "ending") used = await usedSince(start!, stage);
  } while (report.kind !== "done");
  const complaints = (await stage.complaints()).slice(before);
  const seen = await serviceView(stage.service, report.calls.length);
  return { heard: heardBy(report.calls, report.frames), used, seen, complaints };
}

/** Sums up what the callers heard. */
export function heardBy(calls: readonly CallResult[], frames: Frames): Heard {
  const turns = calls.flatMap((call) => call.turns).filter(({ steady }) => steady);
  const found = (values: readonly (number | undefined)[]) =>
    times(values.filter((value) => value !== undefined));
  const ends: Record<string, number> = {};
  for (const { endedEarly } of calls) {
    if (endedEarly !== undefined) ends[endedEarly] = (ends[endedEarly] ?? 0) + 1;
  }
  const sum = (of: (call: CallResult) => number) => calls.reduce((all, call) => all + of(call), 0);
  return {
    calls: calls.length,
    whole: calls.filter(isWhole).length,
    questions: turns.length,
    unanswered: turns.filter(isUnanswered).length,
    voiceToVoice: found(turns.map(({ voiceToVoiceMs }) => voiceToVoiceMs)),
    bargeIn: times(calls.flatMap(({ bargeInMs }) => bargeInMs)),
    frameGap: timesOfCounts(frames.gaps),
    greeting: found(calls.map(({ greetedAt, invitedAt }) => greetedAt && greetedAt - invitedAt)),
    told: found(calls.map(({ toldAt, invitedAt }) => toldAt && toldAt - invitedAt)),
    ends,
    speechShare: sum(({ speechMs }) => speechMs) / Math.max(1, sum(({ upMs }) => upMs)),
    nothingToSend: frames.nothingToSend,
    lateFrames: frames.late,
    lostFrames: frames.lost,
    callersLateMs: frames.lateMs,
  };
}

function isWhole(call: CallResult): boolean {
  return call.greetedAt !== undefined && call.endedEarly === undefined && call.turns.length > 0 &&
    !call.turns.some(isUnanswered);
}

function isUnanswered({ voiceToVoiceMs, overlapped }: CallResult["turns"][number]): boolean {
  return voiceToVoiceMs === undefined && !overlapped;
}

function times(values: readonly number[]): Times {
  const at = (share: number) => percentile(values, share);
  return { n: values.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

/** The same of counted values, which are in order. */
export function timesOfCounts(counts: Frames["gaps"]): Times {
  const n = counts.reduce((sum, [, count]) => sum + count, 0);
  const at = (share: number) => {
    let rank = Math.max(1, Math.ceil(share * n));
    return counts.find(([, count]) => (rank -= count) <= 0)?.[0] ?? NaN;
  };
  return { n, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

interface Reading {
  readonly service: CpuReading;
  readonly pbx: CpuReading;
  readonly callers: CpuReading;
  readonly speech?: CpuReading;
  readonly machine: readonly [idle: number, all: number];
}

function reading({ service, pbxPid, callers, speechPid }: Stage): Reading {
  return {
    service: readCpu(service.pid),
    pbx: readCpu(pbxPid),
    callers: readCpu(callers.pid),
    speech: speechPid === undefined ? undefined : readCpu(speechPid),
    machine: machineTicks(),
  };
}

async function usedSince(before: Reading, stage: Stage): Promise<Used> {
  const after = reading(stage);
  const memory = readMemory(stage.service.pid);
  const [idle, all] = after.machine.map((ticks, i) => ticks - before.machine[i]!);
  return {
    service: cores(before.service, after.service),
    threads: loads(before.service, after.service, serviceThread(stage.service.pid, stage.engine)),
    pbx: cores(before.pbx, after.pbx),
    callers: cores(before.callers, after.callers),
    speech: after.speech && cores(before.speech!, after.speech),
    idle: idle! / Math.max(1, all!),
    memoryMb: memory.pssMb,
    ownMemoryMb: memory.ownMb,
    waiting: waitingIn(await (await fetch(`${stage.service.url}/metrics`)).text()),
  };
}

/** The series of `/metrics` that tell of queues and delays. */
const WAITING =
  /^(nodejs_eventloop_lag_\w*seconds|voxbot_engine_\w*(?:waiting|latency|recognition_seconds|first_audio)\w*(?:\{[^}]*\})?) ([\d.e+-]+)$/;

export function waitingIn(metrics: string): Record<string, number> {
  const found = metrics.split("\n").map((line) => WAITING.exec(line)).filter((match) => match);
  return Object.fromEntries(found.map((match) => [match![1]!, Number(match![2])]));
}
