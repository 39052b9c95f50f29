// Measures the memory of a call isolate.

import { pause } from "../../runtime/waiting.ts";
import { startSimulator } from "../../testing/mod.ts";
import { World } from "../scenarios/world.ts";
import { line } from "./print.ts";

const FEW = 2;
const MANY = 12;

/** Prints the process's memory per additional warm isolate. */
export async function benchMemory(): Promise<void> {
  await line("\n== memory");
  const few = await residentMb(FEW);
  const many = await residentMb(MANY);
  const each = (many - few) / (MANY - FEW);
  await line(
    `service with ${FEW} warm isolates ${few.toFixed(0)} MB, with ${MANY} ${many.toFixed(0)} MB`,
  );
  await line(`a call isolate                               ${each.toFixed(1)} MB   aim: 25`);
}

async function residentMb(isolates: number): Promise<number> {
  await using simulator = await startSimulator();
  await using _world = await World.start(simulator, { CALL_POOL_SIZE: isolates });
  // Meanwhile the garbage of the start is collected; the isolates stay.
  await pause(3000);
  return Deno.memoryUsage().rss / 1024 / 1024;
}
