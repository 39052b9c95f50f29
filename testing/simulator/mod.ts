// A simulated PBX: what a service sees of Asterisk, with callers that tests and the demo steer.

import { InProcessSimulator } from "./in_process.ts";
import { IsolatedSimulator } from "./isolated.ts";
import type { Simulator, SimulatorOptions } from "./simulator.ts";

export { CallOverError } from "./simulator.ts";
export type {
  AnsweredRequest,
  ChannelView,
  LineOptions,
  SimulatedCaller,
  SimulatedCallOptions,
  Simulator,
  SimulatorOptions,
} from "./simulator.ts";

/**
 * Starts a simulated PBX on loopback; dispose of it to stop it.
 *
 * @param options with `isolate: true` it runs in a worker of its own, so that its clock is not
 *   disturbed by what else this isolate does: choose it where frame timings are measured.
 */
export async function startSimulator(
  { isolate = false, ...options }: SimulatorOptions & { readonly isolate?: boolean } = {},
): Promise<Simulator> {
  if (isolate) return await IsolatedSimulator.start(options);
  const simulator = new InProcessSimulator(options);
  await simulator.listen();
  return simulator;
}
