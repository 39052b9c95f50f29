// A simulated PBX in a worker of its own: the same methods, with times by this isolate's clock.

import { type Remote, transfer, wrap } from "comlink";
import type { HeardFrame, PbxEnv } from "../caller.ts";
import type { Pcm } from "../../media/frame.ts";
import {
  type AnsweredRequest,
  CallOverError,
  type ChannelView,
  type SimulatedCaller,
  type SimulatedCallOptions,
  type Simulator,
  type SimulatorOptions,
} from "./simulator.ts";
import type { CallerEvent, SimulatorWorker } from "./worker_messages.ts";

/** The owner's side of a simulated PBX in a worker. */
export class IsolatedSimulator implements Simulator {
  readonly kind = "simulator";
  readonly port: number;
  readonly env: PbxEnv;
  readonly #worker: Worker;
  readonly #remote: Remote<SimulatorWorker>;
  readonly #toOurTime: (at: number) => number;
  readonly #callers = new Set<IsolatedCaller>();

  /** Starts the worker and the PBX in it. */
  static async start(options: SimulatorOptions): Promise<IsolatedSimulator> {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    const remote = wrap<SimulatorWorker>(worker);
    try {
      return new IsolatedSimulator(worker, remote, await remote.start(options));
    } catch (error) {
      worker.terminate();
      throw error;
    }
  }

  private constructor(
    worker: Worker,
    remote: Remote<SimulatorWorker>,
    { port, env, timeOrigin }: Awaited<ReturnType<SimulatorWorker["start"]>>,
  ) {
    this.#worker = worker;
    this.#remote = remote;
    this.port = port;
    this.env = env;
    this.#toOurTime = (at) => at + timeOrigin - performance.timeOrigin;
  }

  async call(options: SimulatedCallOptions = {}): Promise<SimulatedCaller> {
    const { port1, port2 } = new MessageChannel();
    const caller = new IsolatedCaller(this.#remote, port1, this.#toOurTime);
    this.#callers.add(caller);
    await caller.place(options, port2);
    return caller;
  }

  leftovers(): ReturnType<Simulator["leftovers"]> {
    return this.#remote.simulator.leftovers();
  }

  channels(): Promise<readonly ChannelView[]> {
    return this.#remote.simulator.channels();
  }

  requests(): Promise<readonly AnsweredRequest[]> {
    return this.#remote.simulator.requests();
  }

  skippedTicks(): Promise<number> {
    return this.#remote.simulator.skippedTicks();
  }

  cutEvents(app?: string): Promise<void> {
    return this.#remote.simulator.cutEvents(app);
  }

  cutMedia(channelId?: string): Promise<void> {
    return this.#remote.simulator.cutMedia(channelId);
  }

  refuseMedia(count: number): Promise<void> {
    return this.#remote.simulator.refuseMedia(count);
  }

  limitSessions(limit: number): Promise<void> {
    return this.#remote.simulator.limitSessions(limit);
  }

  mostSessions(): Promise<number> {
    return this.#remote.simulator.mostSessions();
  }

  delayReplies(ms: number): Promise<void> {
    return this.#remote.simulator.delayReplies(ms);
  }

  failCommands(count: number, status?: number): Promise<void> {
    return this.#remote.simulator.failCommands(count, status);
  }

  sendRawEvent(text: string): Promise<void> {
    return this.#remote.simulator.sendRawEvent(text);
  }

  repeatStasisStart(): Promise<void> {
    return this.#remote.simulator.repeatStasisStart();
  }

  restart(options?: { readonly downMs?: number }): Promise<void> {
    return this.#remote.simulator.restart(options);
  }

  stopListening(): Promise<void> {
    return this.#remote.simulator.stopListening();
  }

  resumeListening(): Promise<void> {
    return this.#remote.simulator.resumeListening();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#remote.stop();
    await Promise.all([...this.#callers].map(({ ended }) => ended));
    this.#worker.terminate();
  }
}

/** A caller that lives in the worker. */
class IsolatedCaller implements SimulatedCaller {
  readonly #remote: Remote<SimulatorWorker>;
  readonly #events: MessagePort;
  readonly #toOurTime: (at: number) => number;
  readonly #heard: HeardFrame[] = [];
  readonly #digits: string[] = [];
  readonly #answered = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<string>();
  #channelId = "";

  constructor(
    remote: Remote<SimulatorWorker>,
    events: MessagePort,
    toOurTime: (at: number) => number,
  ) {
    this.#remote = remote;
    this.#events = events;
    this.#toOurTime = toOurTime;
    // Nobody need await a caller who is never answered.
    this.#answered.promise.catch(() => undefined);
    events.onmessage = ({ data }: MessageEvent<CallerEvent>) => this.#take(data);
  }

  /** Places the call. */
  async place(options: SimulatedCallOptions, events: MessagePort): Promise<void> {
    this.#channelId = await this.#remote.call(options, transfer(events, [events]));
  }

  get channelId(): string {
    return this.#channelId;
  }

  get answered(): Promise<void> {
    return this.#answered.promise;
  }

  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  get heard(): readonly HeardFrame[] {
    return this.#heard;
  }

  get digitsHeard(): readonly string[] {
    return this.#digits;
  }

  async say(pcm: Pcm): Promise<{ readonly startedAt: number; readonly endedAt: number }> {
    try {
      const { startedAt, endedAt } = await this.#remote.say(this.#channelId, pcm);
      return { startedAt: this.#toOurTime(startedAt), endedAt: this.#toOurTime(endedAt) };
    } catch (error) {
      // An error loses its class on the way between isolates, but keeps its name.
      if (error instanceof Error && error.name === "CallOverError") {
        throw new CallOverError(error.message, { cause: error });
      }
      throw error;
    }
  }

  press(digit: string): Promise<void> {
    return this.#remote.press(this.#channelId, digit);
  }

  mute(muted: boolean): void {
    void this.#remote.mute(this.#channelId, muted);
  }

  async hangUp(): Promise<void> {
    await this.#remote.hangUp(this.#channelId);
    await this.#ended.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hangUp();
  }

  #take(event: CallerEvent): void {
    switch (event.kind) {
      case "answered":
        return this.#answered.resolve();
      case "unanswered":
        return this.#answered.reject(new CallOverError(event.message));
      case "heard": {
        const { at, pcm } = event.frame;
        this.#heard.push({ at: this.#toOurTime(at), pcm });
        return;
      }
      case "digit":
        this.#digits.push(event.digit);
        return;
      case "ended":
        this.#ended.resolve(event.reason);
        return this.#events.close();
    }
  }
}
