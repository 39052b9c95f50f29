// `deno task bench capacity`: how many calls one service serves well, by real SIP callers on a real
// Asterisk. Measure on a quiet machine.

import { TestbedError } from "../../asterisk/error.ts";
import { pause } from "../../../runtime/waiting.ts";
import { line } from "../print.ts";
import type { LevelRequest } from "./callers/messages.ts";
import { type Level, runLevel, type Times } from "./measure.ts";
import { type CapacityOptions, readOptions, USAGE, UsageError } from "./options.ts";
import { broken, ranOut } from "./promises.ts";
import { type Stage, startStage } from "./stage.ts";
import { details, head, tableRow } from "./table.ts";
import { isolates, readCpu } from "./usage.ts";

/** Questions a call asks at least. */
const TURNS = 3;
const PATIENCE_MS = 20_000;
/** As many as CALL_POOL_SIZE is by default. */
const WARM_UP_CALLS = 2;
/** Between two levels: isolates of the ended calls go, and new ones are started ahead. */
const REST_MS = 5000;

async function run(options: CapacityOptions): Promise<void> {
  await line(`== capacity, ${options.engines} engines, ${options.codec}`);
  await using stage = await startStage(options);
  await warmUp(stage);
  const { mode } = options;
  switch (mode.kind) {
    case "levels":
      await levels(stage, options, mode.levels);
      break;
    case "ramp":
      await ramp(stage, options, mode);
      break;
    case "offer":
      await offer(stage, options, mode);
      break;
  }
}

/**
 * Calls that nobody counts: the first ones meet cold code, and their greeting is what others are
 * compared to. They take the isolates that were started ahead, so that the engine's threads are known.
 */
async function warmUp(stage: Stage): Promise<void> {
  const request = { calls: WARM_UP_CALLS, everyMs: 0, turns: 1, patienceMs: PATIENCE_MS };
  const { heard } = await runLevel(stage, request);
  if (heard.whole < WARM_UP_CALLS) {
    throw new Error(`the first calls were not answered: ${JSON.stringify(heard.ends)}`);
  }
  await pause(REST_MS);
  const alive = isolates(readCpu(stage.service.pid));
  stage.engine = stage.engine.filter((id) => alive.includes(id));
}

async function levels(stage: Stage, options: CapacityOptions, calls: readonly number[]) {
  const measured: Level[] = [];
  await line(head());
  for (const count of calls) {
    const level = await held(stage, options, count);
    await line(tableRow(level));
    measured.push(level);
  }
  await line();
  for (const level of measured) for (const text of details(level)) await line(text);
  if (options.json) { for (const level of measured) await line(JSON.stringify(level)); }
}

/** Raises the level until a promise breaks. */
async function ramp(
  stage: Stage,
  options: CapacityOptions,
  { from, step, to }: { readonly from: number; readonly step: number; readonly to: number },
): Promise<void> {
  await line(head());
  let kept: Level | undefined;
  for (let calls = from; calls <= to; calls += step) {
    const level = await held(stage, options, calls);
    await line(tableRow(level));
    if (options.json) await line(JSON.stringify(level));
    const found = broken(level, options);
    if (found.length === 0) {
      kept = level;
      continue;
    }
    await line(`\ncapacity: ${kept?.heard.calls ?? `under ${from}`} calls at once`);
    for (const text of found) await line(`  at ${calls}: ${text}`);
    const causes = ranOut(level);
    for (const text of causes) await line(`  ran out: ${text}`);
    if (causes.length === 0) await line("  ran out: nothing that can be seen from outside");
    for (const text of [...kept ? details(kept) : [], ...details(level)]) await line(text);
    return;
  }
  await line(
    `\ncapacity: at least ${kept?.heard.calls ?? 0} calls at once, the most that was tried`,
  );
}

/** More calls than can be served, all at once; then one more when the wave is over. */
async function offer(
  stage: Stage,
  options: CapacityOptions,
  { calls, perSecond }: { readonly calls: number; readonly perSecond: number },
): Promise<void> {
  const request = { calls, everyMs: 1000 / perSecond, turns: TURNS, patienceMs: PATIENCE_MS };
  const wave = await runLevel(stage, request);
  const { heard } = wave;
  const ms = ({ p50, p95, max }: Times) =>
    `p50 ${p50.toFixed(0)}, p95 ${p95.toFixed(0)}, at most ${max.toFixed(0)} ms`;
  await line(`${calls} calls offered at ${perSecond} a second:`);
  await line(`  ${heard.greeting.n} greeted, ${heard.whole} of them answered whole`);
  await line(`    greeted after ${ms(heard.greeting)}`);
  await line(`    voice to voice ${ms(heard.voiceToVoice)}; ${heard.unanswered} unanswered`);
  await line(`    barge-in ${ms(heard.bargeIn)}; frame gap p99 ${heard.frameGap.p99} ms`);
  await line(`  ${heard.told.n} told that they must wait or go, after ${ms(heard.told)}`);
  for (const text of details(wave)) await line(text);
  await pause(REST_MS);
  const next = await runLevel(stage, { ...request, calls: 1 });
  await line(`then a call alone: voice to voice ${ms(next.heard.voiceToVoice)}`);
  if (options.json) { for (const level of [wave, next]) await line(JSON.stringify(level)); }
}

async function held(stage: Stage, options: CapacityOptions, calls: number): Promise<Level> {
  await pause(REST_MS);
  const request: LevelRequest = {
    calls,
    everyMs: options.everyMs,
    turns: TURNS,
    holdMs: options.seconds * 1000,
    patienceMs: PATIENCE_MS,
  };
  return await runLevel(stage, request);
}

try {
  if (Deno.args.includes("--help")) await line(USAGE);
  else await run(readOptions(Deno.args));
} catch (error) {
  if (error instanceof UsageError) await line(`${error.message}\n${USAGE}`);
  else if (error instanceof TestbedError) await line(`no real Asterisk: ${error.message}`);
  else throw error;
  Deno.exit(2);
}
Deno.exit(0);
