// The worker in which a simulated PBX runs alone; isolated.ts is its owner's side.

import { expose, proxy } from "comlink";
import type { InProcessCaller } from "./caller.ts";
import { InProcessSimulator } from "./in_process.ts";
import type { SimulatedCallOptions, SimulatorOptions } from "./simulator.ts";
import type { CallerEvent, SimulatorWorker } from "./worker_messages.ts";

let started: InProcessSimulator | undefined;
const callers = new Map<string, InProcessCaller>();

const worker: SimulatorWorker = {
  async start(options: SimulatorOptions) {
    started = new InProcessSimulator(options);
    await started.listen();
    return { port: started.port, env: started.env, timeOrigin: performance.timeOrigin };
  },
  get simulator() {
    if (!started) throw new Error("The simulator was asked for before it was started.");
    return proxy(started);
  },
  async call(options: SimulatedCallOptions, events: MessagePort) {
    const caller = await worker.simulator.call(options) as InProcessCaller;
    callers.set(caller.channelId, caller);
    report(caller, events);
    return caller.channelId;
  },
  say: (id, pcm) => callerOf(id).say(pcm),
  press: (id, digit) => callerOf(id).press(digit),
  mute: (id, muted) => callerOf(id).mute(muted),
  hangUp: (id) => callerOf(id).hangUp(),
  stop: async () => await started?.[Symbol.asyncDispose](),
};

expose(worker);

/** Reports everything that happens to a caller until the call ends. */
function report(caller: InProcessCaller, port: MessagePort): void {
  const tell = (event: CallerEvent) => port.postMessage(event);
  caller.observer = {
    onHeard: (frame) => tell({ kind: "heard", frame }),
    onDigit: (digit) => tell({ kind: "digit", digit }),
  };
  caller.answered.then(
    () => tell({ kind: "answered" }),
    (error: Error) => tell({ kind: "unanswered", message: error.message }),
  );
  caller.ended.then((reason) => tell({ kind: "ended", reason }));
}

function callerOf(id: string): InProcessCaller {
  const caller = callers.get(id);
  if (!caller) throw new Error(`There is no caller ${id} on this simulated PBX.`);
  return caller;
}
