// Who is let in: a caller's call is taken, or the caller waits, or is sent away.

import type { AriCommands, AriEvent, Channel } from "../../../asterisk/ari/mod.ts";
import { AriError } from "../../../asterisk/ari/mod.ts";
import { logger } from "../../../config/logging.ts";
import type { Settings } from "../../../config/settings.ts";
import type { Gate } from "../ari_gate.ts";
import type { Headroom } from "../capacity/headroom.ts";
import type { PbxSounds } from "../exit/pbx_sounds.ts";
import type { CallIsolates } from "../isolates/call_isolates.ts";
import type { MediaRoute } from "../media/media_route.ts";
import type { Refusal, ServiceMetrics } from "../metrics.ts";
import { Callers } from "./callers.ts";
import type { LiveCalls } from "./live_calls.ts";
import {
  isOverload,
  LONGEST_SILENCE_MS,
  MEANINGS,
  reasonToRefuse,
  RefusedCallers,
} from "./refusal.ts";
import { WaitingRoom } from "./waiting_room.ts";

const log = logger("switchboard");

/** In place of a longer silence, one who can be told to wait is told so. */
const LONGEST_SILENCE_BEFORE_NOTICE_MS = 2000;

/** What becomes of new callers while nobody waits yet. */
const FATES: Readonly<Record<Settings["OVERLOAD"], string>> = {
  queue: "have to wait",
  fallback: "go to ARI_FALLBACK_CONTEXT",
  busy: "hear a busy line",
};

/** What letting callers in takes. */
export interface AdmissionOptions {
  readonly ari: Gate<
    Pick<AriCommands, "answer" | "continueInDialplan" | "hangUp" | "startMoh" | "stopMoh">
  >;
  readonly sounds: Pick<PbxSounds, "play" | "stop">;
  readonly settings: Settings;
  readonly metrics: Pick<ServiceMetrics, "callRefused" | "callersWaiting" | "callerWaited">;
  readonly route: Pick<MediaRoute, "problem" | "unknown">;
  readonly isolates: Pick<CallIsolates, "waitMs">;
  readonly headroom: Pick<Headroom, "room">;
  readonly live: Pick<LiveCalls, "size" | "unsettled">;
  /** Takes the caller's call. */
  begin(channel: Channel): void;
}

/** The door. */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #callers: Callers;
  readonly #refused: RefusedCallers;
  readonly #waiting: WaitingRoom;
  #draining = false;
  #speechless = false;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#callers = new Callers(options.settings.MAX_CALLS_PER_CALLER);
    this.#refused = new RefusedCallers(options);
    this.#waiting = new WaitingRoom({
      ...options,
      whyFull: () => this.#whyNot(false),
      sendAway: (channel, reason) => this.#sendAway(channel, reason),
    });
  }

  /** No new calls are taken. */
  get draining(): boolean {
    return this.#draining;
  }

  /** The channels of those who wait. */
  get waiting(): string[] {
    return this.#waiting.channels;
  }

  /** Whether this channel's caller waits, or is being sent away. */
  has(channelId: string): boolean {
    return this.#refused.has(channelId) || this.#waiting.has(channelId);
  }

  /** Whether callers wait at the moment, or would, or are sent away, and why; undefined when neither. */
  get problem(): string | undefined {
    const why = this.#whyNot(false);
    const { size } = this.#waiting;
    if (why === undefined || !isOverload(why)) {
      return size > 0 ? `callers wait for a line (${size})` : undefined;
    }
    const fate = size > 0
      ? `callers wait for a line (${size})`
      : `new callers ${FATES[this.#options.settings.OVERLOAD]}`;
    return `${fate}: ${MEANINGS[why]}`;
  }

  /** A caller comes. Their call begins, or they are told what becomes of it. */
  enter(channel: Channel): void {
    const { begin } = this.#options;
    const reason = this.#whyNot(this.#callers.hasAll(channel.caller.number));
    if (reason !== undefined && !isOverload(reason)) return this.#refused.refuse(channel, reason);
    // Nobody overtakes those who wait.
    if (reason === undefined && this.#waiting.size === 0) return begin(channel);
    if (this.#options.settings.OVERLOAD !== "queue" || !this.#waiting.hasPlace) {
      return this.#sendAway(channel, reason ?? "full");
    }
    this.called(channel, this.#waiting.enter(channel, reason ?? "full"));
  }

  /** A caller who may have waited while an earlier run of the service ended, in music without end. */
  async enterAgain(channel: Channel): Promise<void> {
    this.enter(channel);
    if (this.has(channel.id)) return;
    try {
      await this.#options.ari.run((commands) => commands.stopMoh(channel.id));
    } catch (error) {
      if (error instanceof AriError && error.gone) return;
      log.warn("music could not be stopped", { channel: channel.id, error });
    }
  }

  /** A caller has a line until `closed` settles. */
  called({ caller }: Channel, closed: Promise<unknown>): void {
    this.#callers.called(caller.number, closed);
  }

  /** Takes every event of the application. */
  onEvent(event: AriEvent): void {
    if (event.type !== "StasisEnd" && event.type !== "ChannelDestroyed") return;
    this.#waiting.gone(event.channel.id);
  }

  /** The PBX no longer has these channels in our application. */
  gone(channelIds: readonly string[]): void {
    for (const id of channelIds) this.#waiting.gone(id);
  }

  /** A call has ended: whoever waits may have room. */
  callEnded(): void {
    this.#waiting.admit();
  }

  /** Whether nobody can speak or hear at the moment. */
  speechless(now: boolean): void {
    this.#speechless = now;
    if (now) this.#waiting.sendAllAway("speechless");
  }

  /** Takes no new calls. */
  close(): void {
    this.#draining = true;
    this.#waiting.sendAllAway("draining");
  }

  /** Forgets who waits, without touching them on the PBX. */
  letGo(): void {
    this.#waiting.letGo();
  }

  #whyNot(callerHasAll: boolean): Refusal | undefined {
    const { settings, route, isolates, live, headroom } = this.#options;
    const canWait = settings.OVERLOAD === "queue" && live.unsettled > 0;
    return reasonToRefuse({
      draining: this.#draining,
      liveCalls: live.size,
      maxCalls: settings.MAX_CALLS,
      callerHasAll,
      silenceMs: isolates.waitMs(live.unsettled + 1),
      longestSilenceMs: canWait ? LONGEST_SILENCE_BEFORE_NOTICE_MS : LONGEST_SILENCE_MS,
      speechless: this.#speechless,
      room: headroom.room(live.size, live.unsettled),
      route,
    });
  }

  #sendAway(channel: Channel, reason: Refusal): void {
    const { OVERLOAD, ARI_FALLBACK_CONTEXT } = this.#options.settings;
    if (!isOverload(reason)) return this.#refused.refuse(channel, reason);
    const busy = OVERLOAD === "busy" || ARI_FALLBACK_CONTEXT === "";
    this.#refused.refuse(channel, reason, busy ? "busy" : "notice");
  }
}
