// Callers who wait until a line is free: each hears a notice, then the PBX's music, and the notice
// again from time to time. First come, first served; nobody waits for longer than the settings say.

import { type AriCommands, AriError, type Channel } from "../../../asterisk/ari/mod.ts";
import { logger } from "../../../config/logging.ts";
import type { Settings } from "../../../config/settings.ts";
import { pause } from "../../../runtime/waiting.ts";
import type { Gate } from "../ari_gate.ts";
import type { PbxSounds } from "../exit/pbx_sounds.ts";
import type { Refusal, ServiceMetrics, WaitOutcome } from "../metrics.ts";
import { MEANINGS } from "./refusal.ts";

const log = logger("switchboard");

/** A PBX without music on hold is silent: nobody is left in doubt for longer than this. */
const BETWEEN_NOTICES_MS = 20_000;

/** Room also comes without an event: an isolate is warm, the load sinks. */
const LOOK_EVERY_MS = 250;

/** What waiting takes. */
export interface WaitingRoomOptions {
  readonly ari: Gate<Pick<AriCommands, "answer" | "startMoh" | "stopMoh">>;
  readonly sounds: Pick<PbxSounds, "play" | "stop">;
  readonly settings: Pick<Settings, "OVERLOAD_MAX_WAITING" | "OVERLOAD_WAIT_SECONDS">;
  readonly metrics: Pick<ServiceMetrics, "callersWaiting" | "callerWaited">;
  /** Why no further call can be taken at the moment; undefined when one can. */
  whyFull(): Refusal | undefined;
  /** Takes the call of one who has waited. */
  begin(channel: Channel): void;
  /** Sends one away who has waited, for this reason. */
  sendAway(channel: Channel, reason: Refusal): void;
}

interface Waiting {
  readonly channel: Channel;
  /** As of `performance.now()`. */
  readonly since: number;
  /** Aborted when they wait no more. */
  readonly over: AbortController;
  readonly left: PromiseWithResolvers<void>;
  readonly deadline: ReturnType<typeof setTimeout>;
  /** Settles when no command is under way for them. */
  attended: Promise<void>;
}

/** The callers who wait. */
export class WaitingRoom {
  readonly #options: WaitingRoomOptions;
  /** By channel, first come first. */
  readonly #waiting = new Map<string, Waiting>();
  /** Channels that are about to be sent away. */
  readonly #leaving = new Set<string>();
  #nextLook?: ReturnType<typeof setTimeout>;

  constructor(options: WaitingRoomOptions) {
    this.#options = options;
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** The channels of those who wait. */
  get channels(): string[] {
    return [...this.#waiting.keys()];
  }

  /** Whether one more may wait. */
  get hasPlace(): boolean {
    return this.size < this.#options.settings.OVERLOAD_MAX_WAITING;
  }

  /** Whether this caller waits, or is about to be sent away. */
  has(channelId: string): boolean {
    return this.#waiting.has(channelId) || this.#leaving.has(channelId);
  }

  /** A caller waits from now on. The promise settles when they wait no more. */
  enter(channel: Channel, why: Refusal): Promise<void> {
    const { id } = channel;
    const { settings: { OVERLOAD_WAIT_SECONDS: seconds } } = this.#options;
    const caller: Waiting = {
      channel,
      since: performance.now(),
      over: new AbortController(),
      left: Promise.withResolvers(),
      deadline: setTimeout(() => void this.#sendAway(caller, why), seconds * 1000),
      attended: Promise.resolve(),
    };
    this.#waiting.set(id, caller);
    if (this.size === 1) {
      log.warn("callers wait for a line", { because: MEANINGS[why], atMostSeconds: seconds });
    }
    log.info("caller waits", { channel: id, place: this.size, reason: why });
    this.#options.metrics.callersWaiting(this.size);
    caller.attended = this.#attend(caller);
    this.#look();
    return caller.left.promise;
  }

  /** A channel has hung up, or left our application. */
  gone(channelId: string): void {
    const caller = this.#waiting.get(channelId);
    if (caller) this.#waitsNoMore(caller, "gone");
  }

  /** Takes the calls that there is room for. */
  admit(): void {
    for (const caller of this.#waiting.values()) {
      if (this.#options.whyFull() !== undefined) return;
      void this.#quieten(caller);
      this.#waitsNoMore(caller, "served");
      this.#options.begin(caller.channel);
    }
  }

  /** Sends everybody away. */
  sendAllAway(reason: Refusal): void {
    for (const caller of this.#waiting.values()) void this.#sendAway(caller, reason);
  }

  /** Forgets everybody, and leaves them on the PBX as they are. */
  letGo(): void {
    this.#leaving.clear();
    for (const caller of this.#waiting.values()) this.#waitsNoMore(caller, "let_go");
  }

  #look(): void {
    if (this.#nextLook !== undefined) return;
    this.#nextLook = setTimeout(() => {
      this.#nextLook = undefined;
      this.admit();
      if (this.size > 0) this.#look();
    }, LOOK_EVERY_MS);
  }

  /** Notice and music, until they wait no more. Never rejects. */
  async #attend({ channel: { id }, over: { signal } }: Waiting): Promise<void> {
    const { ari, sounds } = this.#options;
    try {
      await ari.run((commands) => commands.answer(id, signal), signal);
      while (!signal.aborted) {
        await sounds.play("busy_wait", id, signal);
        if (signal.aborted) return;
        // Without the signal: whoever stops the music must know that it has begun.
        await ari.run((commands) => commands.startMoh(id), signal);
        await pause(BETWEEN_NOTICES_MS, signal);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (hasLeft(error)) this.gone(id);
      else log.error("a caller who waits cannot be told so", { channel: id, error });
    }
  }

  async #sendAway(caller: Waiting, reason: Refusal): Promise<void> {
    const { channel } = caller;
    // The PBX carries the music along into the dialplan.
    const quiet = this.#quieten(caller);
    this.#leaving.add(channel.id);
    this.#waitsNoMore(caller, "sent_away");
    await quiet;
    // Unless they were let go meanwhile.
    if (this.#leaving.delete(channel.id)) this.#options.sendAway(channel, reason);
  }

  /** Stops notice and music; to be called before they wait no more. Never rejects. */
  async #quieten({ channel: { id }, attended }: Waiting): Promise<void> {
    const { ari, sounds } = this.#options;
    await Promise.all([sounds.stop(id), attended]);
    try {
      await ari.run((commands) => commands.stopMoh(id));
    } catch (error) {
      if (!hasLeft(error)) log.error("music could not be stopped", { channel: id, error });
    }
  }

  /** The one way out. */
  #waitsNoMore(caller: Waiting, outcome: WaitOutcome): void {
    const { metrics } = this.#options;
    const { channel: { id }, since } = caller;
    this.#waiting.delete(id);
    clearTimeout(caller.deadline);
    caller.over.abort();
    caller.left.resolve();
    const seconds = (performance.now() - since) / 1000;
    metrics.callersWaiting(this.size);
    metrics.callerWaited(outcome, seconds);
    log.info("caller waits no more", { channel: id, outcome, seconds: Math.round(seconds) });
    if (this.size > 0) return;
    clearTimeout(this.#nextLook);
    this.#nextLook = undefined;
    log.info("no caller waits for a line any more");
  }
}

function hasLeft(error: unknown): boolean {
  return error instanceof AriError &&
    (error.gone || error.kind === "conflict" || error.kind === "not_in_stasis");
}
