// What the neighbours of a dying call notice: the gaps between frames at their ears, alternating within
// one run between a calm period and one in which a call is broken again and again. The simulator's clock
// is one more JavaScript thread on the same cores and as late as they are; a real Asterisk runs at
// real-time priority, and the kernel timestamps the packets.

import { pause } from "../../runtime/waiting.ts";
import type { FaultKind } from "../../actors/otp/control.ts";
import {
  type HeardFrame,
  holdsWithin,
  isAudible,
  startSimulator,
  type TestPbx,
} from "../../testing/mod.ts";
import { startTestbed } from "../asterisk/testbed.ts";
import { FRAME_MS } from "../../media/frame.ts";
import { spoken } from "../../testing/voice.ts";
import { Random } from "./random.ts";
import type { Report } from "./report.ts";
import { schedulingOf, ServiceProcess } from "./service_process.ts";
import { Talker, type TalkerCall } from "./talker.ts";
import { Transcripts } from "./transcripts.ts";
import { byTurns, compareTurns, type Turn } from "./turns.ts";

const TURNS = { rounds: 4, turnMs: 15_000 };
/** Until all calls are past their greetings. */
const SETTLED_MS = 10_000;
/** A replacement needs a moment before it can be broken again. */
const BREATH_MS = 200;
const RESTARTED_MS = 5000;
const WAYS_TO_DIE: readonly FaultKind[] = ["throw", "oom", "hang", "exit"];
const AIM_MS = 5;
/** A gap of this length is a pause between two answers, not a hole in one. */
const PAUSE_MS = 1000;
/** A frame this far from its neighbours is not part of speech. */
const ALONE_MS = 1.5 * FRAME_MS;
/**
 * Far above the aim, where JavaScript paces the frames (the simulator, or the call isolate over
 * audiosocket and rtp): there the difference between two tails is mostly the machine's noise.
 */
const BOUND_MS = 40;
/** Transports over which Asterisk paces the frames. */
const PACED_BY_ASTERISK: readonly string[] = ["auto", "websocket", "files"];

/** What to measure. */
export interface NeighboursPlan {
  /** Concurrent calls; one of them dies. */
  readonly calls: number;
  readonly on: TestPbx["kind"];
  /** The service's MEDIA_TRANSPORT: it decides whether the PBX or the call isolate paces the frames. */
  readonly transport: string;
}

/** A PBX to measure on, and notes to print beside the figures. */
interface Measured {
  readonly pbx: TestPbx;
  remark(): Promise<string>;
}

/** Compares the neighbours' frame gaps. */
export async function neighbours(
  { calls, on, transport }: NeighboursPlan,
  report: Report,
): Promise<void> {
  await report.heading(
    `neighbours (${on}, transport ${transport}): one call dies over and over, ${calls - 1} listen`,
  );
  await using scope = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "voxbot-chaos-" });
  scope.defer(() => Deno.remove(folder, { recursive: true }).catch(() => undefined));
  const { pbx, remark } = on === "asterisk" ? await onAsterisk() : await onSimulator();
  scope.use(pbx);
  const service = scope.use(
    new ServiceProcess(folder, {
      ...pbx.env,
      MEDIA_TRANSPORT: transport,
      CALL_RESTART_INTENSITY: "1000",
      // What an operator sets to whom neighbours matter more than permissions.
      HUNG_THREADS_IDLE: "1",
    }),
  );
  await service.start();
  await service.ready();
  const talkers = await talking(pbx, calls);
  const transcripts = new Transcripts(service);
  transcripts.start();
  await pause(SETTLED_MS);

  const [victim, ...others] = talkers as [Talker, ...Talker[]];
  let deaths = 0;
  const turns = await byTurns(TURNS, async (end) => {
    while (performance.now() < end) {
      const call = transcripts.liveBy(victim.masked);
      if (call && await dies(service, call.id, WAYS_TO_DIE[deaths % WAYS_TO_DIE.length]!)) {
        deaths++;
      }
      await pause(BREATH_MS);
    }
  });
  const lost = talkers.filter(({ live }) => !live).map(({ masked }) => `caller ..${masked}`);
  await Promise.all(talkers.map((talker) => talker.stop()));
  await transcripts.stop();

  await report.line("  time between two frames at the neighbours' ears, calm and storm by turns");
  const heard = others.flatMap((talker) => talker.calls);
  const gapsIn = (some: readonly Turn[]) => heard.flatMap((call) => gapsOf(call, some));
  const difference = await compareTurns(turns, gapsIn, report);
  const restarts = [...transcripts.latest.values()]
    .filter(({ caller }) => !caller.endsWith(victim.masked))
    .reduce((sum, call) => sum + call.restarts.length, 0);
  await report.line(
    `  ${deaths} deaths; p99 changes by ${difference.toFixed(1)} ms (aim: less than ${AIM_MS}); ` +
      `restarts of neighbours: ${restarts}; ${await remark()}`,
  );
  await report.check("no call was lost, the dying one included", lost);
  const boundMs = on === "asterisk" && PACED_BY_ASTERISK.includes(transport) ? AIM_MS : BOUND_MS;
  await report.check(
    `the neighbours' frames come as before (p99 within ${boundMs} ms)`,
    deaths > 0 && Math.abs(difference) <= boundMs
      ? []
      : [`${deaths} deaths, ${difference.toFixed(1)} ms`],
  );
}

async function onSimulator(): Promise<Measured> {
  const pbx = await startSimulator({ isolate: true });
  return { pbx, remark: async () => `simulator ticks skipped: ${await pbx.skippedTicks()}` };
}

async function onAsterisk(): Promise<Measured> {
  const pbx = await startTestbed();
  const pid = async () => Number(await Deno.readTextFile(`${pbx.folder}/run/asterisk.pid`));
  return { pbx, remark: async () => `Asterisk runs as ${schedulingOf(await pid())}` };
}

/** Breaks a call and waits until the service reports its restart; false when the call is not live. */
async function dies(service: ServiceProcess, id: string, kind: FaultKind): Promise<boolean> {
  const before = (await service.call(id)).restarts.length;
  if (await service.breakCall(id, kind) === undefined) return false;
  await holdsWithin(RESTARTED_MS, async () => (await service.call(id)).restarts.length > before);
  return true;
}

/** Callers who listen and ask for the rest of the run. */
async function talking(pbx: TestPbx, calls: number): Promise<readonly Talker[]> {
  const questions = [await spoken("Tell me about the installation.")];
  const talkers: Talker[] = [];
  for (let i = 0; i < calls; i++) {
    const talker = new Talker(pbx, i, questions, new Random(i));
    talker.start([1000, 1000]);
    talkers.push(talker);
    await pause(150);
  }
  return talkers;
}

/**
 * Milliseconds between consecutive frames of the bot's voice. The PBX sends none while it has nothing to
 * play: within an answer that is a hole; between two answers it is a pause, which is longer.
 */
function gapsOf({ heard, spoke }: TalkerCall, turns: readonly Turn[]): number[] {
  const gaps: number[] = [];
  for (const { from, to } of turns) {
    const frames = heard.filter(({ at }) => at >= from && at < to)
      .filter((frame, i, all) => !isSignOfLife(frame, all[i - 1], all[i + 1]));
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

/** In a pause the bot sends a frame of silence each second (asterisk/transports/websocket/websocket_transport.ts). */
function isSignOfLife(frame: HeardFrame, before?: HeardFrame, after?: HeardFrame): boolean {
  const lone = (other = Infinity) => Math.abs(other - frame.at) > ALONE_MS;
  return lone(before?.at) && lone(after?.at) && !isAudible(frame);
}
