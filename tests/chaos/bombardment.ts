// Inflicts faults at random moments, each on a call that has recovered from its last one, and measures
// how long each repair takes.

import { holdsWithin } from "../../testing/mod.ts";
import { pause } from "../../runtime/waiting.ts";
import type { CallDetails } from "../../console/calls.ts";
import type { Fault, Victim } from "./fault.ts";
import { FAULTS } from "./faults.ts";
import type { Random } from "./random.ts";
import type { Talker } from "./talker.ts";
import type { Transcripts } from "./transcripts.ts";

/** A call that has not recovered by then never will. */
const REPAIR_MS = 15_000;
/** The phases to hit, in turn: chance alone would nearly always find calls listening or speaking. */
export const PHASES: readonly string[] = ["thinking", "greeting", "speaking", "listening"];
/** How long to look for a call in that phase before any call will do. */
const AIMING_MS = 4000;
const AIMING_EVERY_MS = 40;

/** An inflicted fault. Times are milliseconds since the epoch. */
export interface Inflicted {
  readonly fault: Fault;
  /** When it was requested. */
  readonly at: number;
  /** When everything it had broken, except the calls, worked again. */
  readonly overAt: number;
  /** See `Fault.inflict`. */
  readonly countedFrom: number;
  /** The calls it hit, and how often each had been restarted before. */
  readonly hit: readonly { readonly callId: string; readonly restarts: number }[];
}

/** One call's recovery from one fault. */
export interface Recovery {
  readonly fault: Fault;
  readonly phase: string;
  readonly listenedToMs: number;
  /** The part of that after the service knew that the isolate had ended. */
  readonly replacedMs: number;
  /** Whether another fault delayed the PBX's replies meanwhile. */
  readonly slowed: boolean;
  /** If the bot was speaking: until the caller hears it again. */
  readonly heardMs?: number;
}

/** A plan of `count` faults: each kind by its share, and at least once. */
export function planOf(count: number, disk: boolean): Fault[] {
  const kinds = FAULTS.filter(({ kind }) => disk || !kind.startsWith("disk"));
  const total = kinds.reduce((sum, { share }) => sum + share, 0);
  return kinds.flatMap((fault) =>
    Array.from({ length: Math.max(1, Math.round(count * fault.share / total)) }, () => fault)
  );
}

/** Inflicts faults and records each recovery. */
export class Bombardment {
  readonly inflicted: Inflicted[] = [];
  readonly #victim: Omit<Victim, "callId">;
  readonly #transcripts: Transcripts;
  readonly #talkers: readonly Talker[];
  /** Calls that have not yet recovered from their last fault. */
  readonly #struck = new Set<string>();

  constructor(
    victim: Omit<Victim, "callId">,
    transcripts: Transcripts,
    talkers: readonly Talker[],
  ) {
    this.#victim = victim;
    this.#transcripts = transcripts;
    this.#talkers = talkers;
  }

  /** Inflicts every fault, `everyMs` from one to the next on average; resolves when all are over. */
  async run(plan: readonly Fault[], everyMs: number, random: Random): Promise<void> {
    const ongoing: Promise<void>[] = [];
    for (const [i, fault] of plan.entries()) {
      await pause(-Math.log(1 - random.next()) * everyMs);
      const aim = await this.#aim(PHASES[i % PHASES.length]!, random);
      if (!aim) continue;
      const whole = this.#whole();
      const hits = { "the call": [aim], "all calls": whole, "no call": [] }[fault.hits];
      const blow = this.#inflict(fault, aim.id, hits);
      ongoing.push(blow);
      // Faults may overlap with repairs, but none is inflicted while the service is down.
      if (fault.hits === "all calls") await blow;
    }
    await Promise.all(ongoing);
  }

  /** Each call's recovery from each fault that hit it. */
  get recoveries(): readonly Recovery[] {
    return this.inflicted.flatMap((inflicted) =>
      inflicted.hit.flatMap(({ callId }) => this.#recovery(inflicted, callId) ?? [])
    );
  }

  #whole(): CallDetails[] {
    return this.#talkers.flatMap(({ masked }) => this.#transcripts.liveBy(masked) ?? [])
      .filter(({ id }) => !this.#struck.has(id));
  }

  /** A call that is in `phase` now or soon, else any call that can be hit. */
  async #aim(phase: string, random: Random): Promise<CallDetails | undefined> {
    const { service } = this.#victim;
    const deadline = performance.now() + AIMING_MS;
    let whole: CallDetails[] = [];
    while (performance.now() < deadline) {
      await pause(AIMING_EVERY_MS);
      whole = this.#whole();
      const calls = await service.newestCalls().catch(() => []);
      const there = new Set(calls.filter((call) => call.phase === phase).map(({ id }) => id));
      const aims = whole.filter(({ id }) => there.has(id));
      if (aims.length > 0) return random.pick(aims);
    }
    return whole.length > 0 ? random.pick(whole) : undefined;
  }

  async #inflict(
    fault: Fault,
    callId: string,
    hits: readonly { readonly id: string; readonly restarts: readonly unknown[] }[],
  ): Promise<void> {
    const hit = hits.map(({ id, restarts }) => ({ callId: id, restarts: restarts.length }));
    const at = Date.now();
    for (const { id } of hits) this.#struck.add(id);
    try {
      const countedFrom = await fault.inflict({ ...this.#victim, callId });
      if (countedFrom === undefined) return;
      this.inflicted.push({ fault, at, overAt: Date.now(), countedFrom, hit });
      await holdsWithin(REPAIR_MS, () => hit.every((call) => this.#repaired(call)));
    } finally {
      for (const { id } of hits) this.#struck.delete(id);
    }
  }

  #repaired({ callId, restarts }: Inflicted["hit"][number]): boolean {
    const call = this.#transcripts.latest.get(callId);
    return call === undefined || call.endedAt !== undefined || call.restarts.length > restarts;
  }

  #recovery(inflicted: Inflicted, callId: string): Recovery | undefined {
    const { fault, at, countedFrom } = inflicted;
    const call = this.#transcripts.latest.get(callId);
    const restart = call?.restarts.find((restart) => Date.parse(restart.at) >= at);
    if (!call || !restart) return undefined;
    const restartedAt = Date.parse(restart.at);
    const { phase, waitedMs } = restart;
    const listenedToMs = restartedAt - countedFrom;
    const slowed = this.inflicted.some((other) =>
      other.fault.slowsOthers && other !== inflicted && other.at < restartedAt &&
      other.overAt > countedFrom
    );
    const recovery = { fault, phase, listenedToMs, replacedMs: waitedMs, slowed };
    if (phase !== "speaking" && phase !== "greeting") return recovery;
    const since = restartedAt - performance.timeOrigin;
    const heardAt = this.#talkers.find(({ masked }) => call.caller.endsWith(masked))?.calls
      .find(({ answeredAt, over }) => answeredAt <= since && (over?.at ?? Infinity) > since)
      ?.hearing.soundAfter(since);
    // A caller who hung up before that heard nothing more.
    if (heardAt === undefined) return recovery;
    return { ...recovery, heardMs: heardAt + performance.timeOrigin - countedFrom };
  }
}
