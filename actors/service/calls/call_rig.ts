// A PBX, isolates and a service around them for tests of calls: no network, no audio, no waiting.

import type { AriEvent, Channel } from "../../../asterisk/ari/mod.ts";
import { AriError } from "../../../asterisk/ari/mod.ts";
import { PromptsFile } from "../../../config/prompts.ts";
import { settingsWith } from "../../../config/read_settings.ts";
import type { Settings } from "../../../config/settings.ts";
import { type CallRecord, newCallRecord } from "../../call_record.ts";
import type { ToCall, ToMedia, ToSession } from "../../messages.ts";
import type { ExitReason } from "../../otp/control.ts";
import type { Gate } from "../ari_gate.ts";
import type { CallIsolate } from "../isolates/pooled_isolate.ts";
import { Journal } from "../journal.ts";
import { noMetrics, type ServiceMetrics } from "../metrics.ts";
import { policiesOf } from "../policies.ts";
import type { CallCommands, CallServices } from "./call_services.ts";
import { CallSession } from "./call_session.ts";

const prompts = await (await PromptsFile.open(settingsWith({ ASTERISK_LANG: "en" }))).current();

type Commands = CallCommands;

/** A PBX that does at once what it is asked, unless a test lets it fail or wait. */
export class FakePbx {
  /** Every command it was given, in order, such as "answer caller-1". */
  readonly asked: string[] = [];
  /** Channels by id, and whether each is in our application. */
  readonly channels = new Map<string, { readonly channel: Channel; inApp: boolean }>();
  readonly bridges = new Set<string>();
  /** Given every event. */
  onEvent: (event: AriEvent) => void = () => {};
  readonly #failures = new Map<keyof Commands, AriError[]>();
  readonly #held = new Map<keyof Commands, Promise<void>>();

  readonly commands: Commands = {
    answer: (id) => this.#do("answer", [id], () => void this.#inApp(id)),
    hangUp: (id, reason = "normal") =>
      this.#do("hangUp", [id, reason], () => this.callerHangsUp(id)),
    continueInDialplan: (id, { context, extension }) =>
      this.#do("continueInDialplan", [id, context, extension], () => {
        this.#inApp(id).inApp = false;
        this.tell({ type: "StasisEnd", channel: channel(id) });
      }),
    sendDtmf: (id, digits) => this.#do("sendDtmf", [id, digits], () => void this.#inApp(id)),
    variable: (id, name) => this.#do("variable", [id, name], () => undefined),
    setVariable: (id, name, value) => this.#do("setVariable", [id, name, value]),
    play: (id, playbackId, media) =>
      this.#do("play", [id, media], () => {
        this.#inApp(id);
        return playback(id, playbackId, media);
      }),
    stopPlayback: (id) => this.#do("stopPlayback", [id]),
    controlPlayback: (id, operation) => this.#do("controlPlayback", [id, operation]),
    startSilence: (id) => this.#do("startSilence", [id]),
    snoop: (id, snoopId) =>
      this.#do("snoop", [id, snoopId], () => {
        this.enters(snoopId);
        return channel(snoopId);
      }),
    record: (id, name, format) =>
      this.#do("record", [id, name], () => {
        const recording = { name, format, target_uri: `channel:${id}`, state: "recording" };
        this.tell({ type: "RecordingStarted", recording });
        return recording;
      }),
    discardRecording: (name) => this.#do("discardRecording", [name]),
    externalMedia: (id) =>
      this.#do("externalMedia", [id], () => {
        this.enters(id);
        return {
          channel: channel(id),
          address: { kind: "websocket", url: "ws://127.0.0.1/media/1" } as const,
        };
      }),
    createBridge: (id) =>
      this.#do("createBridge", [id], () => {
        if (this.bridges.has(id)) throw ariError("conflict");
        this.bridges.add(id);
        return bridge(id);
      }),
    destroyBridge: (id) =>
      this.#do("destroyBridge", [id], () => {
        if (!this.bridges.delete(id)) throw ariError("gone");
      }),
    addToBridge: (id, channelId) =>
      this.#do("addToBridge", [id, channelId], () => {
        this.#inApp(channelId);
        this.tell({
          type: "ChannelEnteredBridge",
          bridge: bridge(id),
          channel: channel(channelId),
        });
      }),
    application: (name) =>
      this.#do("application", [name], () => ({
        name,
        channel_ids: [...this.channels].filter(([, { inApp }]) => inApp).map(([id]) => id),
        bridge_ids: [],
      })),
  };

  readonly gate: Gate<Commands> = {
    run: (command) => command(this.commands),
    runOnce: (command) => command(this.commands),
  };

  /** A channel enters our application. */
  enters(id: string): void {
    this.channels.set(id, { channel: channel(id), inApp: true });
    this.tell({ type: "StasisStart", args: [], channel: channel(id) });
  }

  keyPressed(channelId: string, digit: string): void {
    this.tell({
      type: "ChannelDtmfReceived",
      digit,
      duration_ms: 100,
      channel: channel(channelId),
    });
  }

  callerHangsUp(id: string): void {
    if (!this.channels.delete(id)) throw ariError("gone");
    this.tell({ type: "StasisEnd", channel: channel(id) });
    this.tell({ type: "ChannelDestroyed", channel: channel(id), cause: 16, cause_txt: "" });
  }

  /** Sends an event of our application. */
  tell(event: DistributiveOmit<AriEvent, "application" | "timestamp">): void {
    this.onEvent({ application: "voxbot", timestamp: "2026-01-01T00:00:00Z", ...event });
  }

  /** Lets the next `command` fail. */
  fails(command: keyof Commands, kind: AriError["kind"]): void {
    this.#failures.set(command, [...this.#failures.get(command) ?? [], ariError(kind)]);
  }

  /** Lets every `command` wait from now on, until the function returned is called. */
  holds(command: keyof Commands): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held.set(command, promise);
    return () => {
      this.#held.delete(command);
      resolve();
    };
  }

  async #do<T = void>(
    command: keyof Commands,
    given: readonly string[],
    effect: () => T = () => undefined as T,
  ): Promise<T> {
    this.asked.push([command, ...given].join(" "));
    await this.#held.get(command);
    const failure = this.#failures.get(command)?.shift();
    if (failure) throw failure;
    return effect();
  }

  #inApp(id: string): { inApp: boolean } {
    const found = this.channels.get(id);
    if (!found) throw ariError("gone");
    if (!found.inApp) throw ariError("not_in_stasis");
    return found;
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

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
    this.posted.push(message);
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

  /** The last message of this kind it was sent, or undefined. */
  last<K extends ToCall["kind"]>(kind: K): Extract<ToCall, { kind: K }> | undefined {
    return this.posted.findLast((message): message is Extract<ToCall, { kind: K }> =>
      message.kind === kind
    );
  }
}

/** Isolates, given out in order. */
export class FakeIsolates
  implements Pick<CallServices["isolates"], keyof CallServices["isolates"]> {
  /** To be given out before any other. */
  readonly next: FakeIsolate[] = [];
  /** Given out so far. */
  readonly taken: FakeIsolate[] = [];
  /** While set, `take` waits for it. */
  held?: Promise<void>;

  async take(): Promise<FakeIsolate> {
    await this.held;
    const isolate = this.next.shift() ?? new FakeIsolate(`call-${this.taken.length + 1}`);
    this.taken.push(isolate);
    return isolate;
  }

  prompts() {
    return Promise.resolve(prompts);
  }
}

/** A service around one call or more. Dispose it to end them. */
export class CallRig implements AsyncDisposable {
  readonly pbx = new FakePbx();
  readonly isolates = new FakeIsolates();
  readonly journal: Journal;
  /** What was counted, such as ["callRestarted", "crash", "speaking", 3]. */
  readonly counted: (readonly unknown[])[] = [];
  readonly services: CallServices;
  readonly #sessions: CallSession[] = [];

  constructor(changes: Partial<Settings> = {}) {
    const settings = settingsWith({ ARI_FALLBACK_CONTEXT: "operator", ...changes });
    const counting = Object.keys(noMetrics).map((name) =>
      [name, (...values: unknown[]) => void this.counted.push([name, ...values])] as const
    );
    const metrics: ServiceMetrics = { ...noMetrics, ...Object.fromEntries(counting) };
    this.journal = Journal.open(":memory:", metrics);
    this.services = {
      settings,
      policies: policiesOf(settings),
      ari: this.pbx.gate,
      route: { plan: () => Promise.resolve({ kind: "websocket" }) },
      isolates: this.isolates,
      journal: this.journal,
      metrics,
      lastResort: { play: () => Promise.resolve() },
    };
  }

  /** A caller is there, and the call begins. */
  call({ adopted = false } = {}): { readonly session: CallSession; readonly record: CallRecord } {
    const record = newCallRecord({
      id: "abc",
      channelId: "caller-1",
      caller: "***21",
      startedAt: Date.now(),
    });
    this.pbx.enters(record.channelId);
    this.journal.begin(record);
    const session = CallSession.start({
      record,
      services: this.services,
      adopted,
      onMediaChannel: () => {},
    });
    this.pbx.onEvent = (event) => session.onEvent(event);
    this.#sessions.push(session);
    return { session, record };
  }

  /** The call's newest isolate, once it talks. */
  async talking(nth = this.isolates.taken.length + 1): Promise<FakeIsolate> {
    return await eventually(() => {
      const isolate = this.isolates.taken[nth - 1];
      return isolate?.last("begin") && isolate;
    }, `isolate ${nth} talks`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.standDown()));
    this.journal[Symbol.dispose]();
  }
}

/** Waits, turn by turn of the event loop, until `found` finds something. */
export async function eventually<T>(
  found: () => T | undefined | false,
  what: string,
): Promise<T> {
  const deadline = performance.now() + 5000;
  for (;;) {
    const result = found();
    if (result) return result;
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** An error as the PBX's answer would be. */
export function ariError(kind: AriError["kind"]): AriError {
  const status = { gone: 404, not_in_stasis: 422, conflict: 409 }[kind as string] ?? 500;
  return new AriError(kind, "a command", status, kind);
}

function channel(id: string): Channel {
  const party = { name: "", number: "79001234521" };
  return {
    id,
    name: `PJSIP/${id}`,
    state: "Up",
    caller: party,
    connected: party,
    dialplan: { context: "default", exten: "s", priority: 1 },
    creationtime: "",
    language: "en",
  };
}

function bridge(id: string) {
  return { id, name: id, technology: "simple_bridge", bridge_type: "mixing", channels: [] };
}

function playback(channelId: string, id: string, media_uri: string) {
  return { id, media_uri, target_uri: `channel:${channelId}`, state: "queued" };
}
