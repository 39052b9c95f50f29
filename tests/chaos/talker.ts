// A caller who keeps the bot busy: listens, asks, listens, asks, and now and then hangs up and calls
// again.

import { pause } from "../../runtime/waiting.ts";
import type { HeardFrame, TestCaller, TestPbx } from "../../testing/mod.ts";
import type { Pcm } from "../../media/frame.ts";
import { Hearing } from "./hearing.ts";
import type { Random } from "./random.ts";

/** The silence after which the caller assumes that the bot has finished. */
const DONE_MS = 700;
/** How long a caller thinks of the next question; shorter than the bot's nudge. */
const THINKING_MS = [300, 5000] as const;
/** A caller who hears nothing for this long asks again. */
const PATIENCE_MS = 12_000;
/** No answer lasts this long: it is the tone of the fallback context, where callers land while the service is down. */
const ENDLESS_MS = 30_000;
const POLL_MS = 100;

/** One call of a talker, over or in progress. */
export interface TalkerCall {
  readonly caller: TestCaller;
  readonly hearing: Hearing;
  readonly heard: readonly HeardFrame[];
  /** When the caller spoke. */
  readonly spoke: { readonly from: number; to: number }[];
  readonly answeredAt: number;
  /** Set once the call is over, whoever ended it. */
  over?: { readonly at: number; readonly lost?: string };
}

/** A telephone number, of which the service shows the last two digits. */
export class Talker {
  readonly calls: TalkerCall[] = [];
  readonly #pbx: TestPbx;
  readonly #random: Random;
  readonly #questions: readonly Pcm[];
  readonly #number: string;
  #stopped = false;
  #running?: Promise<void>;

  constructor(pbx: TestPbx, index: number, questions: readonly Pcm[], random: Random) {
    this.#pbx = pbx;
    this.#random = random;
    this.#questions = questions;
    this.#number = `55501${String(index).padStart(2, "0")}`;
  }

  /** How the service shows the caller. */
  get masked(): string {
    return this.#number.slice(-2);
  }

  /** The call in progress, if any. */
  get live(): TalkerCall | undefined {
    const call = this.calls.at(-1);
    return call?.over ? undefined : call;
  }

  /** Makes one call after another until `stop`. */
  start(questionsACall: readonly [number, number]): void {
    this.#running = (async () => {
      while (!this.#stopped) {
        const questions = Math.round(this.#random.between(...questionsACall));
        await this.#talk(questions);
      }
    })();
  }

  /** Hangs up after the current question. Resolves once the call is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #talk(questions: number): Promise<void> {
    const caller = await this.#pbx.call({ callerNumber: this.#number });
    await caller.answered;
    const call: TalkerCall = {
      caller,
      heard: caller.heard,
      hearing: new Hearing(caller.heard),
      spoke: [],
      answeredAt: performance.now(),
    };
    this.calls.push(call);
    let hungUp = false;
    const over = caller.ended.then((reason) => {
      call.over = { at: performance.now(), ...!hungUp && { lost: reason } };
    });
    let answered = await this.#listen(call, call.answeredAt);
    for (let asked = 0; asked < questions && answered && !this.#stopped && !call.over; asked++) {
      const spoke = { from: performance.now(), to: Infinity };
      call.spoke.push(spoke);
      // The call may end in mid-sentence; `over` records it.
      await caller.say(this.#random.pick(this.#questions)).catch(() => undefined);
      spoke.to = performance.now();
      answered = await this.#listen(call, spoke.to);
    }
    hungUp = true;
    await caller.hangUp();
    await over;
  }

  /** Waits until the bot has spoken and fallen silent, or until the caller gives up; false if it is not the bot. */
  async #listen(call: TalkerCall, since: number): Promise<boolean> {
    const thinkingMs = this.#random.between(...THINKING_MS);
    for (;;) {
      const now = performance.now();
      const first = call.hearing.soundAfter(since);
      const quietMs = now - Math.max(since, call.hearing.lastSoundAt ?? 0);
      if (first !== undefined && quietMs >= DONE_MS + thinkingMs) return true;
      if (quietMs >= PATIENCE_MS || call.over) return true;
      if (this.#stopped && first !== undefined) return true;
      if (now - since >= ENDLESS_MS) return false;
      await pause(POLL_MS);
    }
  }
}

/** The longest time in which a caller neither heard nor said anything, in milliseconds. */
export function longestSilence({ hearing, spoke, answeredAt, over }: TalkerCall): number {
  const until = over?.at ?? performance.now();
  const busy = [...hearing.sounds, ...spoke].toSorted((a, b) => a.from - b.from);
  let longest = 0;
  let quietSince = answeredAt;
  for (const { from, to } of busy) {
    longest = Math.max(longest, from - quietSince);
    quietSince = Math.max(quietSince, to);
  }
  return Math.max(longest, until - quietSince);
}
