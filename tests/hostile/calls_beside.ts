// Two calls that go on beside the hostile inputs: their callers ask, and must be answered, by the same
// isolates as before.

import {
  holdsWithin,
  type SimulatedCaller,
  type Simulator,
  untilSpokenTo,
} from "../../testing/mod.ts";
import type { Pcm } from "../../media/frame.ts";
import { spoken } from "../../testing/voice.ts";
import type { ServiceProcess } from "../chaos/service_process.ts";

const CALLS = 2;
const QUESTION = "What is the price of the machine?";
/** On a machine that is busy with hostile inputs. */
const ANSWER_MS = 30_000;
/** Until the service has heard of the last sound. */
const MARK_MS = 8000;
const TRIES = 2;

/** The calls beside. */
export class CallsBeside {
  readonly #service: ServiceProcess;
  readonly #callers: readonly SimulatedCaller[];
  readonly #ids: readonly string[];
  readonly #question: Pcm;
  readonly #gone = new Map<SimulatedCaller, string>();
  #asked = 0;

  private constructor(
    service: ServiceProcess,
    callers: readonly SimulatedCaller[],
    ids: readonly string[],
    question: Pcm,
  ) {
    this.#service = service;
    this.#callers = callers;
    this.#ids = ids;
    this.#question = question;
    for (const caller of callers) {
      void caller.ended.then((reason) => this.#gone.set(caller, reason));
    }
  }

  /** Places the calls, and hears their greetings. */
  static async begin(pbx: Simulator, service: ServiceProcess): Promise<CallsBeside> {
    const question = await spoken(QUESTION);
    const callers: SimulatedCaller[] = [];
    const ids: string[] = [];
    for (let i = 0; i < CALLS; i++) {
      const caller = await pbx.call({ callerNumber: `555019${i}` });
      await caller.answered;
      await untilSpokenTo(caller.heard, 0, { timeoutMs: ANSWER_MS });
      callers.push(caller);
      const call = (await service.newestCalls()).find(({ id }) => !ids.includes(id));
      if (!call) throw new Error("the service does not list a call that it has answered");
      ids.push(call.id);
    }
    return new CallsBeside(service, callers, ids, question);
  }

  /** How many calls there are. */
  get size(): number {
    return CALLS;
  }

  get channels(): readonly string[] {
    return this.#callers.map(({ channelId }) => channelId);
  }

  /** How many questions were asked and answered. */
  get asked(): number {
    return this.#asked;
  }

  /** Each caller asks and is answered. Gives back what harmed them, one line for a call. */
  async converse(): Promise<string[]> {
    const harm = await Promise.all(this.#callers.map((caller, i) => this.#ask(caller, i)));
    return harm.filter((line) => line !== undefined);
  }

  async hangUp(): Promise<void> {
    await Promise.all(this.#callers.map((caller) => caller.hangUp()));
  }

  async #ask(caller: SimulatedCaller, index: number): Promise<string | undefined> {
    const gone = () => this.#gone.get(caller);
    let problem = "";
    for (let tries = 0; tries < TRIES && gone() === undefined; tries++) {
      try {
        const before = (await this.#service.call(this.#ids[index]!)).turns.length;
        const { endedAt } = await caller.say(this.#question);
        await untilSpokenTo(caller.heard, endedAt, { timeoutMs: ANSWER_MS });
        problem = await this.#notTheAnswer(index, before) ?? "";
        if (problem === "") {
          this.#asked++;
          return undefined;
        }
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
      }
    }
    return `call ${index}: ${gone() === undefined ? problem : `ended (${gone()})`}`;
  }

  /** What is wrong with the call as the service shows it; its turns from `since` on are to hold the answer. */
  async #notTheAnswer(index: number, since: number): Promise<string | undefined> {
    let call = await this.#service.call(this.#ids[index]!);
    // The last mark may come after the last sound, and a nudge before the answer.
    const answered = await holdsWithin(MARK_MS, async () => {
      call = await this.#service.call(this.#ids[index]!);
      return call.turns.slice(since).some(({ bot }) => /price/i.test(bot));
    });
    if (call.endedAt !== undefined) return "the service says that it has ended";
    if (call.restarts.length > 0) return `its isolate was restarted: ${call.restarts[0]!.reason}`;
    return answered ? undefined : "the answer is not about the price";
  }
}
