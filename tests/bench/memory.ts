// Measures the memory of a service and of a call isolate. Each size is a process of its own: what an
// earlier service has left behind, its models above all, would be counted as isolates.

import denoJson from "../../deno.json" with { type: "json" };
import { pause } from "../../runtime/waiting.ts";
import { startSimulator } from "../../testing/mod.ts";
import { World } from "../scenarios/world.ts";
import { line } from "./print.ts";

const FEW = 2;
const MANY = 22;

/** Prints the process's memory per additional warm isolate. */
export async function benchMemory(): Promise<void> {
  await line("\n== memory");
  const few = await residentMb(FEW);
  const many = await residentMb(MANY);
  const each = (many - few) / (MANY - FEW);
  await line(
    `service with ${FEW} warm isolates ${few.toFixed(0)} MB, with ${MANY} ${many.toFixed(0)} MB`,
  );
  await line(`a call isolate                               ${each.toFixed(1)} MB   aim: 20`);
}

/** The resident memory of a service with so many warm isolates, in a process with the start's V8 flags. */
async function residentMb(isolates: number): Promise<number> {
  const v8Flags = /--v8-flags=\S+/.exec(denoJson.tasks.start.command)![0];
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", v8Flags, import.meta.filename!, String(isolates)],
    stderr: "inherit",
  }).output();
  const [, kb] = /^resident kB: (\d+)$/m.exec(new TextDecoder().decode(stdout)) ?? [];
  if (!kb) throw new Error(`a service with ${isolates} warm isolates did not say its memory`);
  return Number(kb) / 1024;
}

async function serve(isolates: number): Promise<void> {
  await using simulator = await startSimulator();
  await using _world = await World.start(simulator, { CALL_POOL_SIZE: isolates });
  // Meanwhile the garbage of the start is collected; the isolates stay.
  await pause(3000);
  const [, kb] = /^Rss:\s+(\d+)/m.exec(await Deno.readTextFile("/proc/self/smaps_rollup"))!;
  await line(`resident kB: ${kb}`);
}

if (import.meta.main) await serve(Number(Deno.args[0]));
