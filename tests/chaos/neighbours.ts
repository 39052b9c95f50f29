// What the neighbours of a dying call notice: the time between two frames at their ears, while one
// call is broken over and over and while none is, in turns within one run.

import { startSimulator } from "../../asterisk/simulator/mod.ts";
import type { FaultKind } from "../../console/ports.ts";
import { percentile } from "../../media/ear.ts";
import { spoken } from "../scenarios/voice.ts";
import { Random } from "./random.ts";
import type { Report } from "./report.ts";
import { ServiceProcess } from "./service_process.ts";
import { Talker } from "./talker.ts";
import { Transcripts } from "./transcripts.ts";
import { pause } from "./waiting.ts";

/** Calm and storm take turns, so many times. */
const ROUNDS = 4;
const ROUND_MS = 15_000;
/** A replacement needs a moment before it can be broken again. */
const BREATH_MS = 200;
const WAYS_TO_DIE: readonly FaultKind[] = ["throw", "oom", "hang", "exit"];
const AIM_MS = 5;
/** Nothing to play for so long is a pause between two answers, not a hole in one. */
const PAUSE_MS = 1000;
/** Far more than the aim: on a busy machine the difference of two tails is mostly noise. */
const BOUND_MS = 40;

interface Period {
  readonly from: number;
  readonly to: number;
  readonly dying: boolean;
}

/** Compares the neighbours' frame gaps. */
export async function neighbours(
  { calls }: { readonly calls: number },
  report: Report,
): Promise<void> {
  await report.heading(`neighbours: one call dies over and over, ${calls - 1} listen`);
  await using scope = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "voxbot-chaos-" });
  scope.defer(() => Deno.remove(folder, { recursive: true }).catch(() => undefined));
  const pbx = scope.use(await startSimulator({ isolate: true }));
  const service = scope.use(
    new ServiceProcess(folder, { ...pbx.env, CALL_RESTART_INTENSITY: "1000" }),
  );
  await service.start();
  await service.ready();
  const questions = [await spoken("Tell me about the installation.")];
  const talkers = Array.from(
    { length: calls },
    (_, i) => new Talker(pbx, i, questions, new Random(i)),
  );
  const transcripts = new Transcripts(service);
  transcripts.start();
  for (const talker of talkers) {
    talker.start([1000, 1000]);
    await pause(150);
  }
  const [victim, ...others] = talkers as [Talker, ...Talker[]];
  await pause(10_000);

  const periods: Period[] = [];
  let deaths = 0;
  for (let round = 0; round < 2 * ROUNDS; round++) {
    const dying = round % 2 === 1;
    const from = performance.now();
    while (performance.now() < from + ROUND_MS) {
      const call = transcripts.liveBy(victim.masked);
      if (dying && call && await service.breakCall(call.id, WAYS_TO_DIE[deaths % 4]!)) {
        deaths++;
        const { length } = call.restarts;
        const deadline = performance.now() + 5000;
        while ((await service.call(call.id)).restarts.length === length) {
          if (performance.now() > deadline) break;
          await pause(50);
        }
      }
      await pause(BREATH_MS);
    }
    periods.push({ from, to: performance.now(), dying });
  }
  const lost = talkers.filter(({ live }) => !live).map(({ masked }) => `caller ..${masked}`);
  await Promise.all(talkers.map((talker) => talker.stop()));
  await transcripts.stop();

  const gapsIn = (within: readonly Period[]) =>
    others.flatMap((talker) =>
      talker.calls.flatMap((call) => gapsOf(call.heard, call.spoke, within))
    );
  const gaps = (dying: boolean) => gapsIn(periods.filter((period) => period.dying === dying));
  const [calm, dying] = [gaps(false), gaps(true)];
  await report.line("  time between two frames at the neighbours' ears, calm and storm by turns");
  for (const [what, values] of [["none dies", calm], ["one dies", dying]] as const) {
    const at = (share: number) => percentile(values, share).toFixed(1).padStart(6);
    await report.line(
      `  ${what.padEnd(10)} p50 ${at(0.5)}  p95 ${at(0.95)}  p99 ${at(0.99)}  p99.9 ${
        at(0.999)
      } ms  (n ${values.length})`,
    );
  }
  const p99s = periods.map((period) => percentile(gapsIn([period]), 0.99).toFixed(1));
  await report.line(
    `  p99 turn by turn, calm → storm: ${
      p99s.flatMap((p99, i) => i % 2 === 0 ? [`${p99} → ${p99s[i + 1]}`] : []).join(", ")
    } ms`,
  );
  const difference = percentile(dying, 0.99) - percentile(calm, 0.99);
  await report.line(
    `  ${deaths} deaths; p99 changes by ${
      difference.toFixed(1)
    } ms (aim: less than ${AIM_MS}); simulator ticks skipped: ${await pbx
      .skippedTicks()}`,
  );
  await report.check("no call was lost, the dying one included", lost);
  await report.check(
    `the neighbours' frames come as before (p99 within ${BOUND_MS} ms)`,
    deaths > 0 && Math.abs(difference) <= BOUND_MS
      ? []
      : [`${deaths} deaths, ${difference.toFixed(1)} ms`],
  );
}

/**
 * Milliseconds between neighbouring frames of the bot's voice. The PBX sends none while it has
 * nothing to play: within an answer that is a hole, and between two it is a pause, which is longer.
 */
function gapsOf(
  heard: readonly { readonly at: number }[],
  spoke: readonly { readonly from: number; readonly to: number }[],
  periods: readonly Period[],
): number[] {
  const gaps: number[] = [];
  for (const { from, to } of periods) {
    const frames = heard.filter((frame) => frame.at >= from && frame.at < to);
    for (let i = 1; i < frames.length; i++) {
      const [before, after] = [frames[i - 1]!.at, frames[i]!.at];
      if (after - before >= PAUSE_MS) continue;
      if (!spoke.some((speech) => speech.from < after && speech.to > before)) {
        gaps.push(after - before);
      }
    }
  }
  return gaps;
}
