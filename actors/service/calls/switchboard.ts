// The switchboard: which calls there are, and which event of the PBX is whose.

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { AriCommands, AriEvent, Channel } from "../../../asterisk/ari/mod.ts";
import { unlessGone } from "../../../asterisk/ari/mod.ts";
import { logger, maskNumber } from "../../../config/logging.ts";
import { applyEvent, type CallRecord, type EndReason, newCallRecord } from "../../call_record.ts";
import type { Journal } from "../journal.ts";
import type { MediaRoute } from "../media/media_route.ts";
import type { CallServices } from "./call_services.ts";
import { CallSession } from "./call_session.ts";
import { playbackFinished, playLastResort } from "./last_resort.ts";
import type { FaultKind } from "../../otp/control.ts";

const log = logger("switchboard");

/** Ended calls kept in memory for the console. */
const KEEP_ENDED = 1000;
/** Channels and bridges of ours bear this prefix: what bears it and belongs to no call is left over. */
const OURS = "voxbot-";
/** A refused caller is sent away by then, apologised to or not. */
const LONGEST_APOLOGY_MS = 10_000;

/** Why a call is not taken. */
type Refusal = "draining" | "full" | "speechless" | "no_media";

/** What the switchboard works with: its calls' services, and more of some. */
export interface SwitchboardServices extends Omit<CallServices, "recordingPath"> {
  readonly route: Pick<MediaRoute, "plan" | "problem" | "tidyUp" | "unknown">;
  readonly journal: Pick<Journal, "append" | "begin" | "endedCalls" | "liveCalls">;
}

/** The registry of calls. */
export class Switchboard {
  readonly #services: SwitchboardServices & CallServices;
  /** By caller channel. */
  readonly #live = new Map<string, CallSession>();
  readonly #ended: CallRecord[] = [];
  /** Calls of an earlier run, by caller channel, until the PBX tells which of them it still has. */
  readonly #unresolved = new Map<string, CallRecord>();
  readonly #resumed = Promise.withResolvers<void>();
  /** Channels of refused calls, until they have gone. */
  readonly #leaving = new Set<string>();
  #open = true;
  /** Milliseconds since the epoch. */
  #replacedAt: number | undefined;
  #speechless = false;

  constructor(services: SwitchboardServices) {
    this.#services = { ...services, recordingPath: (id) => this.#recordingFile(id) };
    const { journal } = services;
    this.#ended.push(...journal.endedCalls(KEEP_ENDED));
    for (const record of journal.liveCalls()) this.#unresolved.set(record.channelId, record);
    if (this.#unresolved.size === 0) this.#resumed.resolve();
  }

  /** How many calls of an earlier run may still be up: the PBX has not been asked yet. */
  get unresolved(): number {
    return this.#unresolved.size;
  }

  /** Settles when every call of an earlier run goes on, or is over. */
  get resumed(): Promise<void> {
    return this.#resumed.promise;
  }

  /** Calls live now. */
  get size(): number {
    return this.#live.size;
  }

  /** No new calls are taken. */
  get draining(): boolean {
    return !this.#open;
  }

  /**
   * Since when another client has our application, in milliseconds since the epoch: nothing is done
   * any more. ARI does not tell which client.
   */
  get replacedAt(): number | undefined {
    return this.#replacedAt;
  }

  /** Newest first, live and ended; those of an earlier run as it left them. */
  list(): readonly CallRecord[] {
    const live = [...this.#live.values()].map(({ record }) => record);
    return [...live, ...this.#unresolved.values(), ...this.#ended].sort((a, b) =>
      b.startedAt - a.startedAt
    );
  }

  get(id: string): CallRecord | undefined {
    const known = [...this.#unresolved.values(), ...this.#ended];
    return this.#session(id)?.record ?? known.find((record) => record.id === id);
  }

  /** The call's recording, once it exists. */
  recordingPath(id: string): string | undefined {
    const path = join(this.#services.settings.DATA_DIR, "recordings", `${id}.wav`);
    return this.get(id) && existsSync(path) ? path : undefined;
  }

  /** Breaks a call's isolate on purpose: see `Isolate.injectFault`; undefined also when it is not live. */
  async injectFault(id: string, kind: FaultKind): Promise<number | undefined> {
    return await this.#session(id)?.injectFault(kind);
  }

  /** An event of the PBX. Returns at once. */
  onEvent(event: AriEvent): void {
    for (const session of this.#live.values()) session.onMediaEvent(event);
    switch (event.type) {
      case "StasisStart":
        this.#channelEntered(event.channel);
        break;
      case "StasisEnd":
      case "ChannelDestroyed":
        this.#live.get(event.channel.id)?.channelLeft();
        break;
      case "ChannelDtmfReceived":
        this.#live.get(event.channel.id)?.dtmf(event.digit);
        break;
      case "PlaybackFinished":
        playbackFinished(event.playback.id);
        break;
      case "ApplicationReplaced":
        this.#standDown();
        break;
    }
  }

  /**
   * Brings what is known here and what the PBX has together: after every connection, as nothing is
   * replayed of what happened meanwhile, and from time to time, as an event may get lost. Calls of
   * the journal are adopted and resumed.
   *
   * @throws {AriError} when the PBX cannot be asked.
   */
  async reconcile(commands: AriCommands): Promise<void> {
    if (this.#stoodDown) return;
    const { settings } = this.#services;
    // Only what was known before the PBX was asked can be judged by its answer.
    const before = new Map(this.#live);
    const [application, channels, bridges] = await Promise.all([
      commands.application(settings.ARI_APP_NAME),
      commands.channels(),
      commands.bridges(),
    ]);
    const alive = new Map(channels.map((channel) => [channel.id, channel]));
    const ours = application.channel_ids.filter((id) => alive.has(id));
    if (this.#stoodDown) return;
    for (const [channelId, session] of before) {
      if (!alive.has(channelId)) session.lost();
    }
    const unresolved = [...this.#unresolved.values()];
    this.#unresolved.clear();
    for (const record of unresolved) {
      const { channelId } = record;
      if (ours.includes(channelId) && !this.#live.has(channelId)) this.#adopt(record);
      else this.#lose(record);
    }
    const sessions = [...this.#live.values()];
    void Promise.all(sessions.map(({ settled }) => settled)).then(() => this.#resumed.resolve());
    for (const id of ours) {
      if (id.startsWith(OURS)) this.#dropStrayMedia(commands, id);
      else if (!before.has(id) && !this.#live.has(id)) this.#channelEntered(alive.get(id)!);
    }
    for (const { id } of bridges) {
      if (id.startsWith(OURS) && !this.#session(id.slice(OURS.length))) {
        await unlessGone(commands.destroyBridge(id));
      }
    }
  }

  /**
   * Whether nobody can speak or hear at the moment: then calls are not talked to but handed over,
   * those that are live with the words that were rendered for it.
   */
  speechless(now: boolean): void {
    this.#speechless = now;
    if (now) { for (const session of this.#live.values()) session.handOver(); }
  }

  /** Takes no new calls: they go to the fallback context. */
  close(): void {
    this.#open = false;
  }

  /** Waits until no call is left, at most `ms`; then hands over those that are. */
  async drain(ms: number): Promise<void> {
    this.close();
    const timer = Promise.withResolvers<void>();
    const timeout = setTimeout(timer.resolve, ms);
    await Promise.race([this.#allClosed(), timer.promise]);
    clearTimeout(timeout);
    for (const session of this.#live.values()) session.handOver();
    await this.#allClosed();
  }

  /** Lets go of all calls without touching them on the PBX. */
  async letGo(): Promise<void> {
    await Promise.all([...this.#live.values()].map((session) => session.standDown()));
  }

  async #allClosed(): Promise<void> {
    await Promise.all([...this.#live.values()].map(({ closed }) => closed));
  }

  #channelEntered(channel: Channel): void {
    if (this.#stoodDown) return;
    if (channel.id.startsWith(OURS)) return this.#mediaEntered(channel);
    if (this.#leaving.has(channel.id)) return;
    if (this.#live.has(channel.id)) {
      log.warn("channel entered twice, the second time is ignored", { channel: channel.id });
      return;
    }
    const refusal = this.#reasonToRefuse();
    if (refusal) return this.#refuse(channel, refusal);
    const record = newCallRecord({
      id: newCallId(),
      channelId: channel.id,
      caller: maskNumber(channel.caller.number),
      startedAt: Date.now(),
    });
    this.#services.journal.begin(record);
    this.#services.metrics.callStarted();
    log.info("call begins", { call: record.id, channel: channel.id, caller: record.caller });
    this.#add(record, false);
  }

  /** Why a new call cannot be taken now. */
  #reasonToRefuse(): Refusal | undefined {
    const { settings, route } = this.#services;
    if (!this.#open) return "draining";
    if (this.#live.size >= settings.MAX_CALLS) return "full";
    if (this.#speechless) return "speechless";
    // Before the PBX has told what it has, the call waits for it.
    return route.unknown || route.problem === undefined ? undefined : "no_media";
  }

  #mediaEntered({ id }: Channel): void {
    if (!this.#ownsMedia(id)) log.debug("media channel of no call", { channel: id });
  }

  #ownsMedia(channelId: string): boolean {
    return [...this.#live.values()].some((session) => session.ownsMedia(channelId));
  }

  #adopt(record: CallRecord): void {
    log.warn("call of an earlier run is adopted", {
      call: record.id,
      channel: record.channelId,
      phase: record.phase,
    });
    this.#add(record, true);
  }

  #add(record: CallRecord, adopted: boolean): void {
    const { metrics } = this.#services;
    const session = new CallSession(record, this.#services, adopted);
    this.#live.set(record.channelId, session);
    metrics.liveCalls(this.#live.size);
    void session.closed.finally(() => {
      this.#live.delete(record.channelId);
      this.#keepEnded(record);
      metrics.liveCalls(this.#live.size);
      if (this.#live.size === 0) void this.#services.route.tidyUp();
      const seconds = (Date.now() - record.startedAt) / 1000;
      const reason: EndReason = record.endReason ?? "stood_down";
      metrics.callEnded(reason, seconds);
      log.info("call ended", {
        call: record.id,
        reason,
        seconds,
        turns: record.turns.length,
        restarts: record.restarts.length,
      });
    });
  }

  #lose(record: CallRecord): void {
    const event = { kind: "ended", reason: "lost" } as const;
    const now = Date.now();
    applyEvent(record, event, now);
    this.#services.journal.append(record.id, event, now);
    this.#keepEnded(record);
    log.warn("call of an earlier run is over", { call: record.id, channel: record.channelId });
  }

  #keepEnded(record: CallRecord): void {
    this.#ended.unshift(record);
    this.#ended.length = Math.min(this.#ended.length, KEEP_ENDED);
  }

  #refuse({ id }: Channel, reason: Refusal): void {
    const { settings, metrics } = this.#services;
    metrics.callRefused(reason);
    log.warn("call refused", {
      channel: id,
      reason,
      to: settings.ARI_FALLBACK_CONTEXT || "hangup",
    });
    this.#leaving.add(id);
    this.#sendAway(id, reason === "speechless")
      .catch((error) => log.error("refused call could not be sent away", { channel: id, error }))
      .finally(() => this.#leaving.delete(id));
  }

  async #sendAway(id: string, apologise: boolean): Promise<void> {
    const { ari, settings } = this.#services;
    const context = settings.ARI_FALLBACK_CONTEXT;
    if (apologise) {
      await playLastResort(this.#services, id, AbortSignal.timeout(LONGEST_APOLOGY_MS));
    }
    await unlessGone(
      ari.run((commands) =>
        context === ""
          ? commands.hangUp(id, "congestion")
          : commands.continueInDialplan(id, { context, extension: "s", priority: 1 })
      ),
    );
  }

  #dropStrayMedia(commands: AriCommands, id: string): void {
    if (this.#ownsMedia(id)) return;
    unlessGone(commands.hangUp(id)).catch((error) =>
      log.error("stray media channel stays", { channel: id, error })
    );
  }

  get #stoodDown(): boolean {
    return this.#replacedAt !== undefined;
  }

  #standDown(): void {
    if (this.#stoodDown) return;
    this.#replacedAt = Date.now();
    log.error("another client has taken our Stasis application; standing down for good", {
      app: this.#services.settings.ARI_APP_NAME,
      fix: "stop the other client and start this service again, or give it another ARI_APP_NAME",
    });
    void this.letGo();
  }

  #session(id: string): CallSession | undefined {
    return [...this.#live.values()].find(({ record }) => record.id === id);
  }

  #recordingFile(id: string): string | undefined {
    const { RECORD_CALLS, DATA_DIR } = this.#services.settings;
    return RECORD_CALLS ? join(DATA_DIR, "recordings", `${id}.wav`) : undefined;
  }
}

/** Without digits: the log takes a run of them for a phone number, and hides it. */
function newCallId(): string {
  const hex = crypto.randomUUID().replaceAll("-", "").slice(0, 12);
  return hex.replace(/\d/g, (digit) => "ghijkmnpqr"[Number(digit)]!);
}
