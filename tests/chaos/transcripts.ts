// Polls what the service reports of its calls: what was once reported must stay reported.

import { pause } from "../../runtime/waiting.ts";
import type { CallDetails } from "../../console/calls.ts";
import type { ServiceProcess } from "./service_process.ts";

/** Two turns with the same words closer together than this are one turn reported twice: nobody asks so fast. */
const DOUBLED_MS = 1500;
const POLL_MS = 700;

/** Watches every call of a service for lost and doubled turns. */
export class Transcripts {
  /** The latest report of every call, by id. */
  readonly latest = new Map<string, CallDetails>();
  /** What went wrong, in words, without duplicates. */
  readonly problems = new Set<string>();
  readonly #service: ServiceProcess;
  readonly #live = new Set<string>();
  #stopped = false;
  #watching?: Promise<void>;

  constructor(service: ServiceProcess) {
    this.#service = service;
  }

  /** Live calls, by the last two digits of their callers. */
  liveBy(masked: string): CallDetails | undefined {
    for (const id of this.#live) {
      const call = this.latest.get(id);
      if (call?.caller.endsWith(masked) && call.endedAt === undefined) return call;
    }
    return undefined;
  }

  start(): void {
    this.#watching = (async () => {
      while (!this.#stopped) {
        // A service that was just killed does not answer; its earlier reports still count.
        await this.look().catch(() => undefined);
        await pause(POLL_MS);
      }
    })();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#watching;
  }

  /** Examines all calls that are live or have just ended. */
  async look(): Promise<void> {
    for (const { id, endedAt } of await this.#service.newestCalls()) {
      if (endedAt === undefined || this.latest.get(id)?.endedAt === undefined) this.#live.add(id);
    }
    for (const id of [...this.#live]) {
      const call = await this.#service.call(id);
      this.#compare(call);
      if (call.endedAt !== undefined) this.#live.delete(id);
    }
  }

  #compare(now: CallDetails): void {
    const { id } = now;
    const before = this.latest.get(id);
    this.latest.set(id, now);
    const numbers = now.turns.map(({ turn }) => turn);
    if (numbers.some((turn, i) => i > 0 && turn <= numbers[i - 1]!)) {
      this.problems.add(`${id}: turns are numbered ${numbers}`);
    }
    for (const [i, turn] of now.turns.entries()) {
      const last = now.turns[i - 1];
      if (!last || turn.caller === undefined || turn.caller !== last.caller) continue;
      if (Date.parse(turn.at) - Date.parse(last.at) < DOUBLED_MS) {
        this.problems.add(`${id}: turns ${last.turn} and ${turn.turn} are one turn told twice`);
      }
    }
    const tools = now.tools.map(({ turn, tool }) => `${turn} ${tool}`);
    if (new Set(tools).size < tools.length) this.problems.add(`${id}: a tool ran twice`);
    if (before) this.#compareTurns(before, now);
  }

  #compareTurns(before: CallDetails, now: CallDetails): void {
    const { id } = now;
    if (before.restarts.length > now.restarts.length) {
      this.problems.add(`${id}: restarts were forgotten`);
    }
    for (const turn of before.turns) {
      const same = now.turns.find((candidate) => candidate.turn === turn.turn);
      if (!same) {
        this.problems.add(`${id}: turn ${turn.turn} is gone`);
        continue;
      }
      // A caller who continues before anything was answered extends the same turn. Told word for word:
      // a hesitation that was all they had said is tidied away once more follows.
      const [was, is] = [turn.raw ?? turn.caller, same.raw ?? same.caller];
      if (was !== undefined && !is?.startsWith(was)) {
        this.problems.add(`${id}: turn ${turn.turn} was "${was}", is "${is}"`);
      }
      for (const [i, phrase] of turn.phrases.entries()) {
        if (!phrase?.heard) continue;
        const still = same.phrases[i];
        if (!still?.heard || still.text !== phrase.text) {
          this.problems.add(`${id}: phrase ${turn.turn}.${i} was heard and is told otherwise`);
        }
      }
    }
  }
}
