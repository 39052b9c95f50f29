// A PBX for tests of calls: no network, no audio, no time.

import {
  type AriCommands,
  AriError,
  type AriEvent,
  type Channel,
} from "../../../asterisk/ari/mod.ts";
import type { Gate } from "../ari_gate.ts";
import type { ReconcileCommands } from "../switchboard/pbx_inventory.ts";
import type { CallCommands } from "./call_services.ts";

type Commands = CallCommands & ReconcileCommands & Pick<AriCommands, "startMoh" | "stopMoh">;

/** A PBX that carries out each command immediately, unless a test lets it fail or wait. */
export class FakePbx {
  /** Every command it was given, in order, such as "answer caller-1". */
  readonly asked: string[] = [];
  /** Channels by id, and whether each is in our application. */
  readonly channels = new Map<string, { readonly channel: Channel; inApp: boolean }>();
  readonly bridges = new Set<string>();
  /** Receives every event. */
  onEvent: (event: AriEvent) => void = () => {};
  readonly #failures = new Map<keyof Commands, Failure[]>();
  readonly #held = new Map<keyof Commands, Promise<void>>();

  readonly commands: Commands = {
    answer: (id) => this.#do("answer", [id], () => void this.#inApp(id)),
    hangUp: (id, reason = "normal") => this.#do("hangUp", [id, reason], () => this.hangsUp(id)),
    continueInDialplan: (id, { context, extension }) =>
      this.#do("continueInDialplan", [id, context, extension], () => {
        this.#inApp(id).inApp = false;
        this.tell({ type: "StasisEnd", channel: channel(id) });
      }),
    sendDtmf: (id, digits) => this.#do("sendDtmf", [id, digits], () => void this.#inApp(id)),
    variable: (id, name) => this.#do("variable", [id, name], () => "(alaw)"),
    setVariable: (id, name, value) => this.#do("setVariable", [id, name, value]),
    play: (id, playbackId, media) =>
      this.#do("play", [id, media], () => {
        this.#inApp(id);
        return playback(id, playbackId);
      }),
    stopPlayback: (id) => this.#do("stopPlayback", [id]),
    controlPlayback: (id, operation) => this.#do("controlPlayback", [id, operation]),
    startSilence: (id) => this.#do("startSilence", [id]),
    startMoh: (id) => this.#do("startMoh", [id], () => void this.#inApp(id)),
    stopMoh: (id) => this.#do("stopMoh", [id], () => void this.#inApp(id)),
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
    channels: () =>
      this.#do("channels", [], () => [...this.channels.values()].map(({ channel }) => channel)),
    bridges: () => this.#do("bridges", [], () => [...this.bridges].map(bridge)),
  };

  readonly gate: Gate<Commands> = {
    run: (command) => command(this.commands),
    runOnce: (command) => command(this.commands),
  };

  /** A channel enters our application, by default that of a caller who has one number for all. */
  enters(id: string, number?: string): void {
    this.channels.set(id, { channel: channel(id, number), inApp: true });
    this.tell({ type: "StasisStart", args: [], channel: channel(id, number) });
  }

  /** A channel hangs up. */
  hangsUp(id: string): void {
    if (!this.channels.delete(id)) throw ariError("gone");
    this.tell({ type: "StasisEnd", channel: channel(id) });
    this.tell({ type: "ChannelDestroyed", channel: channel(id), cause: 16, cause_txt: "" });
  }

  /** The caller on a channel presses a key. */
  keyPressed(id: string, digit: string): void {
    this.tell({ type: "ChannelDtmfReceived", digit, duration_ms: 100, channel: channel(id) });
  }

  /** Sends an event of our application. */
  tell(event: Untimed<AriEvent>): void {
    this.onEvent({ application: "voxbot", timestamp: "2026-01-01T00:00:00Z", ...event });
  }

  /** Lets the next `command` fail: it does nothing, or it works and only its reply is lost. */
  fails(
    command: keyof Commands,
    kind: AriError["kind"],
    what: Failure["what"] = "command",
  ): void {
    const failures = this.#failures.get(command) ?? [];
    this.#failures.set(command, [...failures, { error: ariError(kind), what }]);
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

  /** How often it was given a command that begins so. */
  count(command: string): number {
    return this.asked.filter((asked) => asked.startsWith(command)).length;
  }

  async #do<T = void>(
    command: keyof Commands,
    given: readonly string[],
    effect: () => T = () => undefined as T,
  ): Promise<T> {
    this.asked.push([command, ...given].join(" "));
    await this.#held.get(command);
    const failure = this.#failures.get(command)?.shift();
    if (failure?.what === "command") throw failure.error;
    const result = effect();
    if (failure) throw failure.error;
    return result;
  }

  #inApp(id: string): { inApp: boolean } {
    const found = this.channels.get(id);
    if (!found) throw ariError("gone");
    if (!found.inApp) throw ariError("not_in_stasis");
    return found;
  }
}

interface Failure {
  readonly error: AriError;
  readonly what: "command" | "reply";
}

type Untimed<T> = T extends unknown ? Omit<T, "application" | "timestamp"> : never;

/** An error as the PBX's answer would be. */
export function ariError(kind: AriError["kind"]): AriError {
  const statuses: Partial<Record<AriError["kind"], number>> = {
    gone: 404,
    not_in_stasis: 422,
    conflict: 409,
    timeout: 0,
  };
  return new AriError(kind, "a command", statuses[kind] ?? 500, kind);
}

/** A playback on a channel, as events have it. */
export function playback(channelId: string, id: string) {
  return { id, media_uri: "", target_uri: `channel:${channelId}`, state: "done" };
}

/** A caller's channel, as events have it. */
export function channel(id: string, number = "79001234521"): Channel {
  const party = { name: "", number };
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
