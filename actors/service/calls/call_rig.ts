// Isolates and a service around calls, for their tests: no threads, no audio, no waiting.

import { mock } from "node:test";
import { PromptsFile } from "../../../config/prompts.ts";
import { settingsWith } from "../../../config/read_settings.ts";
import type { Settings } from "../../../config/settings.ts";
import type { MediaPlan } from "../../../media/transport.ts";
import { abortable } from "../../../runtime/waiting.ts";
import { type CallEvent, type CallRecord, newCallRecord } from "../../call_record.ts";
import type { ToCall, ToMedia, ToSession } from "../../messages.ts";
import type { ExitReason } from "../../otp/control.ts";
import type { CallIsolates } from "../isolates/call_isolates.ts";
import type { CallIsolate } from "../isolates/pooled_isolate.ts";
import { Journal } from "../journal/journal.ts";
import { noMetrics, type ServiceMetrics } from "../metrics.ts";
import { policiesOf } from "../policies.ts";
import { CallSession } from "./call_session.ts";
import { FakePbx } from "./pbx_rig.ts";

const prompts = await (await PromptsFile.open(settingsWith({ ASTERISK_LANG: "en" }))).current();

/** The channel of a rig's caller. */
export const CALLER = "caller-1";

/** An isolate that takes every call, unless it is made reluctant. */
export class FakeIsolate implements CallIsolate {
  readonly #exit = Promise.withResolvers<ExitReason>();
  readonly exited = this.#exit.promise;
  readonly posted: ToCall[] = [];
  detail = "";
  #listener: (message: ToMedia | ToSession) => void = () => {};

  /** @param connects whether it connects its media; one that does not never takes the call. */
  constructor(readonly name: string, readonly connects = true) {}

  post(message: ToCall): void {
    // As the real ones get it: a copy.
    this.posted.push(structuredClone(message));
    if (message.kind === "assign") this.tells({ kind: "assigned" });
    if (message.kind === "media" && this.connects) this.tells({ kind: "media_open" });
  }

  listen(listener: (message: ToMedia | ToSession) => void): void {
    this.#listener = listener;
  }

  shutdown(): void {
    this.#exit.resolve("shutdown");
  }

  kill(): void {
    this.#exit.resolve("shutdown");
  }

  killBecause(reason: ExitReason, detail: string): void {
    this.dies(reason, detail);
  }

  injectFault(): Promise<number | undefined> {
    this.dies("crash", "injected");
    return Promise.resolve(0);
  }

  dies(reason: ExitReason, detail = "a bug"): void {
    this.detail = detail;
    this.#exit.resolve(reason);
  }

  tells(message: ToMedia | ToSession): void {
    this.#listener(message);
  }

  /** Reports that something happened in the call. */
  reports(event: CallEvent): void {
    this.tells({ kind: "event", event, at: Date.now() });
  }

  /** The last message of this kind it was sent, or undefined. */
  last<K extends ToCall["kind"]>(kind: K): Extract<ToCall, { kind: K }> | undefined {
    return this.posted.findLast((message): message is Extract<ToCall, { kind: K }> =>
      message.kind === kind
    );
  }
}

/** Isolates, given out in order. */
export class FakeIsolates implements Pick<CallIsolates, "prompts" | "take" | "waitMs"> {
  /** To be given out before any other. */
  readonly next: FakeIsolate[] = [];
  /** How long an isolate takes to start. */
  startMs = 0;
  /** Given out so far. */
  readonly taken: FakeIsolate[] = [];

  take(): Promise<FakeIsolate> {
    const isolate = this.next.shift() ?? new FakeIsolate(`call-${this.taken.length + 1}`);
    this.taken.push(isolate);
    return Promise.resolve(isolate);
  }

  prompts() {
    return Promise.resolve(prompts);
  }

  waitMs(callers: number): number {
    return callers * this.startMs;
  }

  /** The nth isolate given out, counted from 1, once it talks to the caller. */
  async talking(nth: number): Promise<FakeIsolate> {
    return await soon(() => {
      const isolate = this.taken[nth - 1];
      return isolate?.last("begin") && isolate;
    }, `isolate ${nth} talks`);
  }
}

/** A service, but for its calls. Dispose it once they have ended. */
export class ServiceRig implements Disposable {
  readonly pbx = new FakePbx();
  readonly isolates = new FakeIsolates();
  readonly journal: Journal;
  /** What was counted, such as ["callRestarted", "crash", "speaking", 3]. */
  readonly counted: (readonly unknown[])[] = [];
  readonly metrics: ServiceMetrics;
  /** What requests to models used, one by one. */
  readonly paid: number[] = [];
  readonly dayTokens = { add: (tokens: number) => void this.paid.push(tokens) };
  readonly settings: Settings;
  readonly policies;

  readonly recording = { paused: false };

  constructor(changes: Partial<Settings> = {}) {
    this.settings = settingsWith({ ARI_FALLBACK_CONTEXT: "operator", ...changes });
    this.policies = policiesOf(this.settings);
    const counting = Object.keys(noMetrics).map((name) =>
      [name, (...values: unknown[]) => void this.counted.push([name, ...values])] as const
    );
    this.metrics = { ...noMetrics, ...Object.fromEntries(counting) };
    this.journal = Journal.open(":memory:", this.metrics);
  }

  /** What was counted under this name. */
  counts(name: keyof ServiceMetrics): readonly unknown[][] {
    return this.counted.filter(([counted]) => counted === name).map(([, ...values]) => values);
  }

  /** The calls that another run of the service would find. */
  journalled(): { readonly live: readonly CallRecord[]; readonly ended: readonly CallRecord[] } {
    // In this order: asking for live calls writes what is not yet written.
    return { live: this.journal.liveCalls(), ended: this.journal.endedCalls(10) };
  }

  [Symbol.dispose](): void {
    this.journal[Symbol.dispose]();
  }
}

/** How a rig's call begins. */
export interface CallRigOptions {
  readonly settings?: Partial<Settings>;
  readonly adopted?: boolean;
  readonly plan?: MediaPlan | Promise<MediaPlan>;
}

/** One call on a service. Time stands still for its deadlines until a test moves it. */
export class CallRig implements AsyncDisposable {
  readonly service: ServiceRig;
  readonly pbx: FakePbx;
  readonly isolates: FakeIsolates;
  readonly record: CallRecord;
  /** The media channel in use. */
  media: string | undefined;
  readonly #options: CallRigOptions;
  #session?: CallSession;

  constructor(options: CallRigOptions = {}) {
    mock.timers.enable({ apis: ["setTimeout"] });
    this.#options = options;
    this.service = new ServiceRig(options.settings);
    this.pbx = this.service.pbx;
    this.isolates = this.service.isolates;
    this.record = newCallRecord({
      id: "abc",
      channelId: CALLER,
      caller: "***21",
      startedAt: Date.now(),
    });
    this.pbx.enters(CALLER);
    this.service.journal.begin(this.record);
  }

  /** The call, once it has begun. */
  get session(): CallSession {
    if (!this.#session) throw new Error("the call has not begun");
    return this.#session;
  }

  /** Begins the call. */
  begin(): void {
    const { settings, policies, isolates, journal, metrics, dayTokens } = this.service;
    const { adopted = false, plan = { kind: "websocket" } } = this.#options;
    this.#session = CallSession.start({
      record: this.record,
      adopted,
      services: {
        settings,
        policies,
        ari: this.pbx.gate,
        route: { plan: (signal) => abortable(Promise.resolve(plan), signal) },
        isolates,
        journal,
        metrics,
        recording: this.service.recording,
        dayTokens,
        sounds: {
          play: (sound, id) => Promise.resolve(void this.pbx.asked.push(`play ${sound} ${id}`)),
        },
      },
      onMediaChannel: (id) => this.media = id,
    });
    this.pbx.onEvent = (event) => this.session.onEvent(event);
  }

  /** Begins the call and waits for the isolate that talks first. */
  async firstTalks(): Promise<FakeIsolate> {
    this.begin();
    return await this.isolates.talking(1);
  }

  /** Lets time pass for the call's deadlines. */
  passes(seconds: number): void {
    mock.timers.tick(seconds * 1000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session?.standDown();
    mock.timers.reset();
    this.service[Symbol.dispose]();
  }
}

/** Waits, turn by turn of the event loop, until `found` finds something. */
export async function soon<T>(
  found: () => T | undefined | false,
  what: string,
): Promise<T> {
  const deadline = performance.now() + 2000;
  for (;;) {
    const result = found();
    if (result) return result;
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await turn();
  }
}

/** Lets everything happen that is due in this turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
