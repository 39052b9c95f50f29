// Thousands of short calls one after another: does memory level off, does any handle stay open?

import { pause } from "../../runtime/waiting.ts";
import { type Simulator, startSimulator, untilSpokenTo } from "../../testing/mod.ts";
import type { Report } from "./report.ts";
import { type Holdings, ServiceProcess } from "./service_process.ts";

/** Concurrent calls, to save time. */
const AT_ONCE = 3;
/** Memory is reported at these shares of all calls. */
const MARKS = [0.1, 0.25, 0.5, 0.75, 1];
/** How much memory may grow over the second half of the calls: the noise of the heap. */
const GROWTH_MB = 60;
const SETTLE_MS = 8000;
const FILES_SLACK = 12;
/** Deno keeps threads for blocking work for ten seconds after it. */
const THREADS_SLACK = 24;

/** Makes `calls` short calls. */
export async function soak({ calls }: { readonly calls: number }, report: Report): Promise<void> {
  await report.heading(`soak: ${calls} calls, ${AT_ONCE} at a time`);
  await using scope = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "voxbot-chaos-" });
  scope.defer(() => Deno.remove(folder, { recursive: true }).catch(() => undefined));
  const pbx = scope.use(await startSimulator({ isolate: true }));
  const service = scope.use(new ServiceProcess(folder, { ...pbx.env, RECORD_CALLS: "1" }));
  await service.start();
  await service.ready();
  const idle = await rested(service);
  const handlesBefore = service.handles();
  await report.line(`  ${"0".padStart(6)} calls  ${shown(idle)}`);
  const marks = MARKS.map((share) => Math.round(share * calls));
  const seen = new Map<number, Holdings>();
  let done = 0;
  for (const mark of marks) {
    const missed = await callUntil(mark);
    if (missed.length > 0) await report.line(`  unanswered: ${missed[0]} and ${missed.length - 1}`);
    const now = await rested(service);
    seen.set(mark, now);
    await report.line(`  ${String(mark).padStart(6)} calls  ${shown(now)}`);
  }
  async function callUntil(mark: number): Promise<string[]> {
    const missed: string[] = [];
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      while (done < mark) {
        const number = ++done;
        await shortCall(pbx).catch((error) => missed.push(`call ${number}: ${error}`));
      }
    }));
    return missed;
  }

  const handlesAfter = service.handles();
  const kinds = [...new Set([...handlesBefore.keys(), ...handlesAfter.keys()])].toSorted();
  await report.line(
    `  open handles before and after: ${
      kinds.map((kind) =>
        `${kind} ${handlesBefore.get(kind) ?? 0} → ${handlesAfter.get(kind) ?? 0}`
      ).join(", ")
    }`,
  );
  const [half, end] = [seen.get(marks[2]!)!, seen.get(calls)!];
  await report.check(
    `memory levels off: the second half of the calls adds at most ${GROWTH_MB} MB`,
    end.rssMb - half.rssMb <= GROWTH_MB ? [] : [`${half.rssMb} MB, then ${end.rssMb} MB`],
  );
  await report.check(
    "no handle is left open",
    end.files <= idle.files + FILES_SLACK ? [] : [`${idle.files} before, ${end.files} after`],
  );
  await report.check(
    "no thread is left",
    end.threads <= idle.threads + THREADS_SLACK
      ? []
      : [`${idle.threads} before, ${end.threads} after`],
  );
  const { channels, bridges } = await pbx.leftovers();
  await report.check("no channel and no bridge is left on the PBX", [...channels, ...bridges]);
  const answered = await service.metric("calls_ended_total");
  await report.check(
    "every call was answered",
    answered === calls ? [] : [`${answered} of ${calls} ended`],
  );
  service.signal("SIGTERM");
  const code = await service.ended(10_000);
  await report.check(
    "the service ends by itself: no timer and no socket keeps it",
    code === 0 ? [] : [code === undefined ? "it did not within 10 s" : `exit code ${code}`],
  );
}

/** Waits for the first words of the greeting and hangs up. */
async function shortCall(pbx: Simulator): Promise<void> {
  const caller = await pbx.call();
  await caller.answered;
  try {
    await untilSpokenTo(caller.heard, 0, { quietMs: -Infinity });
  } finally {
    await caller.hangUp();
  }
}

async function rested(service: ServiceProcess): Promise<Holdings> {
  await pause(SETTLE_MS);
  return await service.holdings();
}

function shown({ rssMb, files, threads }: Holdings): string {
  return `${String(rssMb).padStart(5)} MB  ${files} files  ${threads} threads`;
}
