// Measures how evenly frames leave where the playout clock is ours: each call in its own isolate, as in
// the service, a second or two ahead, over the rtp transport to a socket.
// `deno task bench pacing`

import process from "node:process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { listenRtp } from "../../asterisk/transports/rtp/rtp_transport.ts";
import { say } from "../runner/steps.ts";

const FORMAT = "ulaw";

/** Lateness of the frames in milliseconds, and the cost. */
export interface PacingFigures {
  readonly calls: number;
  readonly frames: number;
  readonly lateP50: number;
  readonly lateP99: number;
  readonly lateMax: number;
  /** Frames late by a whole frame or more. */
  readonly framesLate: number;
  /** Percent of a core per call: pacing, resampling, encoding, sending. */
  readonly cpuPercentPerCall: number;
}

interface Task {
  readonly port: number;
  readonly seconds: number;
}

/** Speaks in `calls` isolates in parallel for `seconds`. */
export async function pacingBench(calls: number, seconds: number): Promise<PacingFigures> {
  const sink = createSocket("udp4");
  sink.bind(0, "127.0.0.1");
  await once(sink, "listening");
  const task: Task = { port: sink.address().port, seconds };
  const workers = Array.from(
    { length: calls },
    () => new Worker(new URL(import.meta.url), { workerData: task }),
  );
  await Promise.all(workers.map((worker) => once(worker, "message")));
  const before = process.cpuUsage();
  const startedAt = performance.now();
  const done = workers.map((worker) => once(worker, "message") as Promise<[number[]]>);
  for (const worker of workers) worker.postMessage("go");
  const late = (await Promise.all(done)).flatMap(([beats]) => beats).sort((a, b) => a - b);
  const cpu = process.cpuUsage(before);
  const spentMs = performance.now() - startedAt;
  await Promise.all(workers.map((worker) => worker.terminate()));
  sink.close();
  const at = (share: number) => late[Math.min(late.length - 1, Math.floor(late.length * share))]!;
  return {
    calls,
    frames: late.length,
    lateP50: at(0.5),
    lateP99: at(0.99),
    lateMax: at(1),
    framesLate: late.filter((ms) => ms >= 20).length,
    cpuPercentPerCall: (cpu.user + cpu.system) / 1000 / spentMs * 100 / calls,
  };
}

/** One call: opens its line, waits for the others, speaks, and reports how late each frame was. */
async function speak({ port, seconds }: Task): Promise<void> {
  const late: number[] = [];
  const plan = { kind: "rtp", host: "127.0.0.1", ports: [30_000, 30_999], format: FORMAT } as const;
  const listener = await listenRtp(plan, { onBeat: (ms) => late.push(ms) });
  await using transport = listener.transport({ kind: "rtp", host: "127.0.0.1", port });
  const phrase = new Int16Array(16_000).map((_, i) => 8000 * Math.sin(i / 6));
  const heard = Promise.withResolvers<void>();
  let said = 0;
  const sayNext = () => {
    if (said === seconds) return heard.resolve();
    transport.out.send(phrase);
    transport.out.endOfPhrase(String(++said));
  };
  await transport.open(
    { onFrame() {}, onMark: sayNext, onClose() {} },
    AbortSignal.timeout(5000),
  );
  parentPort!.postMessage("ready");
  await once(parentPort!, "message");
  late.length = 0;
  sayNext();
  sayNext();
  await heard.promise;
  parentPort!.postMessage(late);
}

if (!isMainThread && workerData) await speak(workerData as Task);
else if (import.meta.main) {
  const [calls = 20, seconds = 20] = Deno.args.map(Number);
  const figures = await pacingBench(calls, seconds);
  const rounded = Object.entries(figures).map((
    [name, value],
  ) => [name, Math.round(value * 100) / 100]);
  await say(`${JSON.stringify(Object.fromEntries(rounded))}\n`);
}
