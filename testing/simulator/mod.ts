// A simulated PBX: Asterisk as a service sees it, with callers that tests and the demo control.

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
 * Starts a simulated PBX on loopback. Dispose it to stop it.
 *
 * @param options with `isolate: true` it runs in a worker of its own, where this isolate's other
 *   work does not disturb its clock: choose that to measure frame timings.
 */
export async function startSimulator(
  { isolate = false, ...options }: SimulatorOptions & { readonly isolate?: boolean } = {},
): Promise<Simulator> {
  if (isolate) return await IsolatedSimulator.start(options);
  const simulator = new InProcessSimulator(options);
  await simulator.listen();
  return simulator;
}
