// Knows how much room the service has for calls, so that it takes no call that would make others
// late. Symptoms come too late for that: those who were admitted begin to speak seconds afterwards.
// So it predicts from what calls cost, and minds the symptoms as well.

import process from "node:process";
import { logger } from "../../../config/logging.ts";
import type { Settings } from "../../../config/settings.ts";
import { SYSTEM_TIME, type TimeSource } from "../../../media/playout/frame_clock.ts";
import type { EngineStats } from "../../../speech/engine/stats.ts";
import type { ServiceMetrics } from "../metrics.ts";
import { Smoothed } from "./cost_of_a_call.ts";
import { type CallsNow, Demand } from "./demand.ts";
import type { Headroom, Pressure, Resource, Room } from "./headroom.ts";
import { type KnownCosts, knownCosts } from "./known_costs.ts";
import { Symptoms } from "./symptoms.ts";

const log = logger("capacity");

/** Two system calls and some arithmetic each time. */
const LOOK_EVERY_MS = 250;
/** Callers hear the greeting before they speak: until then a call does not use what it will use. */
const YOUNG_FOR_MS = 15_000;
/**
 * So few calls are never refused: what makes a machine late that serves so few is not their number,
 * and a service that refused everybody could never learn that it has room.
 */
const ALWAYS_ROOM_FOR = 3;
/** Calls that may be set up at once, for each core: with more, all of them would be late. */
const STARTS_A_CORE = 4;
/** Pressure begins at these shares of the bound and ends below these. */
const PRESSURE = { from: 1.03, until: 0.85 };
const PRESSURE_OVER_MS = 2000;
/** A state is left only after so long without its causes. */
const CALM_MS = 5000;

const FIXES: Readonly<Record<Resource, string>> = {
  cpu: "give the service more cores or another machine, or use speech services in the cloud",
  recognition: "give the service at least four cores, or use a speech service in the cloud",
  event_loop: "see what else uses this machine's processor, and move it or pin it to other cores",
  voice_detection: "see what else uses this machine's processor, and move it or pin it",
  starts: "raise CALL_POOL_SIZE if calls often come in bursts",
};

/** What the guard works with. */
export interface CapacityGuardOptions {
  readonly settings: Pick<
    Settings,
    "ASR_PROVIDER" | "ASTERISK_LANG" | "CAPACITY_GUARD" | "LOCAL_TTS_VOICE" | "TTS_PROVIDER"
  >;
  readonly metrics: Pick<ServiceMetrics, "capacityMeasured">;
  /** Calls that are up, and isolates that are being started, for a call or in advance. */
  readonly load: () => { readonly live: number; readonly isolatesStarting: number };
  /** Pressure begins (true) or ends. */
  onPressure(high: boolean): void;
  readonly time?: TimeSource;
  /** Cores that the process may use. */
  readonly cores?: number;
  /** CPU time of the process so far, all its threads added up, in milliseconds. */
  readonly cpuMs?: () => number;
}

/** Guards the service's capacity from `start` until it is disposed. */
export class CapacityGuard implements Headroom, Disposable {
  readonly #options: CapacityGuardOptions;
  readonly #time: TimeSource;
  readonly #cores: number;
  readonly #cpuMs: () => number;
  readonly #cpu: Demand;
  readonly #recognition: Demand | undefined;
  readonly #symptoms = new Symptoms();
  /** What is used now, the starts of isolates included: shares of the bounds. */
  readonly #pressed: Readonly<Record<"cpu" | "recognition", Smoothed>> = {
    cpu: new Smoothed(PRESSURE_OVER_MS),
    recognition: new Smoothed(PRESSURE_OVER_MS),
  };
  /** How many calls were up at the looks of the last `YOUNG_FOR_MS`. */
  #history: { readonly at: number; readonly live: number }[] = [];
  #lookedAt = 0;
  #usedCpuMs = 0;
  #engine: { readonly at: number; readonly busyMs: number } | undefined;
  #high = false;
  #strainedAt = -Infinity;
  #full = false;
  #refusedAt = -Infinity;
  #cancelTimer = () => {};

  constructor(options: CapacityGuardOptions) {
    this.#options = options;
    this.#time = options.time ?? SYSTEM_TIME;
    this.#cores = options.cores ?? navigator.hardwareConcurrency;
    this.#cpuMs = options.cpuMs ?? processCpuMs;
    const known: KnownCosts = knownCosts(options.settings, this.#cores);
    this.#cpu = new Demand(known.cpu);
    this.#recognition = known.recognition && new Demand(known.recognition);
  }

  /** Measures from now on, unless the settings switch the guard off. */
  start(): void {
    if (!this.#options.settings.CAPACITY_GUARD) return;
    this.#lookedAt = this.#time.now();
    this.#usedCpuMs = this.#cpuMs();
    this.#sleep();
  }

  room(live: number, starting: number): Room {
    if (!this.#options.settings.CAPACITY_GUARD) return { ok: true };
    const room = this.#roomFor(live, starting);
    if (!room.ok) this.#refuse(room);
    return room;
  }

  get pressure(): Pressure {
    return this.#high ? "high" : "none";
  }

  /** What the speech engine measured last; undefined once it is gone. */
  engineMeasured(stats: EngineStats | undefined): void {
    const now = this.#time.now();
    this.#symptoms.engineMeasured(stats, now);
    const before = this.#engine;
    const busyMs = stats?.recognition.busyMs;
    this.#engine = busyMs === undefined ? undefined : { at: now, busyMs };
    if (!this.#recognition || busyMs === undefined || !before || now <= before.at) return;
    const ms = now - before.at;
    const used = 1000 * (busyMs - before.busyMs) / ms;
    this.#recognition.used(used, ms, { ...this.#callsNow(), startingUp: false }, now);
    this.#pressed.recognition.add(used / this.#recognition.mostMs, ms);
  }

  [Symbol.dispose](): void {
    this.#cancelTimer();
  }

  #sleep(): void {
    this.#cancelTimer = this.#time.after(LOOK_EVERY_MS, () => {
      this.#look();
      this.#sleep();
    });
  }

  #look(): void {
    const now = this.#time.now();
    const ms = now - this.#lookedAt;
    const cpuMs = this.#cpuMs();
    const used = 1000 * (cpuMs - this.#usedCpuMs) / ms;
    this.#lookedAt = now;
    this.#usedCpuMs = cpuMs;
    this.#symptoms.timerCame(ms - LOOK_EVERY_MS, ms, now);
    this.#history = this.#history.filter(({ at }) => now - at < YOUNG_FOR_MS);
    this.#history.push({ at: now, live: this.#options.load().live });
    const calls = this.#callsNow();
    this.#cpu.used(used, ms, calls, now);
    this.#pressed.cpu.add(used / this.#cpu.mostMs, ms);
    this.#judgePressure(calls, now);
    this.#reopen(calls, now);
    this.#report(calls, now);
  }

  /** @param live calls, if it is known better than the last look has it. */
  #callsNow(live = this.#options.load().live): CallsNow {
    // Without a look there was no call either.
    const settled = Math.min(live, ...this.#history.map((look) => look.live));
    const watched = this.#history.length > 0 ? settled : 0;
    return { live, young: live - watched, startingUp: this.#options.load().isolatesStarting > 0 };
  }

  #roomFor(live: number, starting: number): Room {
    if (live < ALWAYS_ROOM_FOR) return { ok: true };
    const now = this.#time.now();
    const symptom = this.#symptoms.present(now);
    if (symptom) return { ok: false, ...symptom };
    const calls = this.#callsNow(live);
    for (const [ranOut, demand] of this.#demands()) {
      const wanted = demand.predictedMs(calls, 1, now);
      if (wanted <= demand.mostMs) continue;
      const figures = `${live + 1} calls would use ${
        Math.round(100 * wanted / demand.mostMs)
      } % of what calls may use, ${Math.round(demand.callMs)} ms/s each`;
      return { ok: false, ranOut, figures };
    }
    const most = STARTS_A_CORE * this.#cores;
    if (starting < most) return { ok: true };
    return { ok: false, ranOut: "starts", figures: `${starting} calls are being set up` };
  }

  #demands(): ["cpu" | "recognition", Demand][] {
    return [
      ["cpu", this.#cpu],
      ...this.#recognition ? [["recognition", this.#recognition] as ["recognition", Demand]] : [],
    ];
  }

  #refuse(room: Extract<Room, { ok: false }>): void {
    this.#refusedAt = this.#time.now();
    if (this.#full) return;
    this.#full = true;
    const { ranOut, figures } = room;
    log.warn("at capacity: no more calls are taken at once", {
      ranOut,
      figures,
      fix: FIXES[ranOut],
    });
  }

  /** There is room again once nobody was refused for a while and nobody would be. */
  #reopen(calls: CallsNow, now: number): void {
    if (!this.#full || now - this.#refusedAt < CALM_MS || !this.#roomFor(calls.live, 0).ok) return;
    this.#full = false;
    log.info("there is room for calls again", { live: calls.live });
  }

  #judgePressure({ live }: CallsNow, now: number): void {
    const share = Math.max(this.#pressed.cpu.value ?? 0, this.#pressed.recognition.value ?? 0);
    const symptom = this.#symptoms.present(now);
    const strained = live > 0 &&
      (symptom !== undefined || share > (this.#high ? PRESSURE.until : PRESSURE.from));
    if (strained) this.#strainedAt = now;
    const high = strained || this.#high && now - this.#strainedAt < CALM_MS;
    if (high === this.#high) return;
    this.#high = high;
    if (high) {
      const cpu = Math.round(100 * (this.#pressed.cpu.value ?? 0));
      log.warn("under pressure: calls leave out what is optional (early starts, partial texts)", {
        live,
        cpu: `${cpu} % of what calls may use`,
        symptom: symptom && `${symptom.ranOut}: ${symptom.figures}`,
        fix: FIXES[symptom?.ranOut ?? "cpu"],
      });
    } else log.info("the pressure is over", { live });
    this.#options.onPressure(high);
  }

  #report(calls: CallsNow, now: number): void {
    const shares = this.#demands().map(([resource, demand]) => ({
      resource,
      present: this.#pressed[resource].value ?? 0,
      predicted: demand.predictedMs(calls, 0, now) / demand.mostMs,
    }));
    const fit = this.#symptoms.present(now)
      ? 0
      : Math.min(...this.#demands().map(([_, demand]) => demand.roomFor(calls, now)));
    this.#options.metrics.capacityMeasured({
      shares,
      lagMs: this.#symptoms.lagMs,
      roomForCalls: Math.max(fit, ALWAYS_ROOM_FOR - calls.live),
      high: this.#high,
    });
  }
}

function processCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
