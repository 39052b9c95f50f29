// The switchboard: which calls there are, and which call each event of the PBX belongs to.

import type { AriEvent, Channel } from "../../../asterisk/ari/mod.ts";
import { logger } from "../../../config/logging.ts";
import { pause } from "../../../runtime/waiting.ts";
import { applyEvent, type CallRecord, type EndReason, newCallRecord } from "../../call_record.ts";
import type { FaultKind } from "../../otp/control.ts";
import type { CallServices } from "../calls/call_services.ts";
import { PbxSounds } from "../exit/pbx_sounds.ts";
import { isMediaChannel, newCallId } from "../calls/pbx_names.ts";
import { existingRecording } from "../calls/recording_file.ts";
import type { CallIsolates } from "../isolates/call_isolates.ts";
import type { Journal } from "../journal/journal.ts";
import type { MediaRoute } from "../media/media_route.ts";
import { Admission, type AdmissionOptions } from "./admission.ts";
import { shownCaller } from "./callers.ts";
import { EndedCalls } from "./ended_calls.ts";
import { LiveCalls } from "./live_calls.ts";
import {
  type PbxInventory,
  type ReconcileCommands,
  removeStrays,
  takeInventory,
} from "./pbx_inventory.ts";

const log = logger("switchboard");

/** What the switchboard works with: its calls' services, and more of some. */
export interface SwitchboardServices extends Omit<CallServices, "ari" | "sounds"> {
  readonly ari: CallServices["ari"] & AdmissionOptions["ari"];
  readonly headroom: AdmissionOptions["headroom"];
  readonly route: Pick<MediaRoute, "plan" | "problem" | "removeRecordings" | "tidyUp" | "unknown">;
  readonly journal: Pick<Journal, "append" | "begin" | "endedCalls" | "liveCalls">;
  readonly isolates: Pick<CallIsolates, "prompts" | "take" | "waitMs">;
}

/** The registry of calls. */
export class Switchboard {
  readonly #services: SwitchboardServices & CallServices;
  readonly #sounds: PbxSounds;
  readonly #live: LiveCalls;
  readonly #admission: Admission;
  readonly #ended: EndedCalls;
  /** Calls of an earlier run, by caller's channel, until the PBX says which of them are still up. */
  readonly #unresolved: Map<string, CallRecord>;
  readonly #resumed = Promise.withResolvers<void>();
  /** Milliseconds since the epoch. */
  #replacedAt: number | undefined;

  constructor(services: SwitchboardServices) {
    this.#sounds = new PbxSounds(services);
    this.#services = { ...services, sounds: this.#sounds };
    this.#live = new LiveCalls(services.metrics);
    this.#admission = new Admission({
      ...services,
      sounds: this.#sounds,
      live: this.#live,
      begin: (channel) => this.#begin(channel),
    });
    // First those who wait: a journal that proves damaged gives nothing more.
    this.#unresolved = new Map(
      services.journal.liveCalls().map((record) => [record.channelId, record]),
    );
    this.#ended = new EndedCalls((limit) => services.journal.endedCalls(limit));
    if (this.#unresolved.size === 0) this.#resumed.resolve();
  }

  /** How many calls of an earlier run may still be up: the PBX has not been asked yet. */
  get unresolved(): number {
    return this.#unresolved.size;
  }

  /** Settles when every call of an earlier run has an isolate again, or is over. */
  get resumed(): Promise<void> {
    return this.#resumed.promise;
  }

  /** How many calls are up. */
  get size(): number {
    return this.#live.size;
  }

  /** No new calls are taken. */
  get draining(): boolean {
    return this.#admission.draining;
  }

  /** What becomes of new callers, and why, while not every call can be taken at once. */
  get overload(): string | undefined {
    return this.#admission.problem;
  }

  /**
   * Since when another client has had our application, in milliseconds since the epoch: from then on
   * the switchboard does nothing. ARI does not say which client.
   */
  get replacedAt(): number | undefined {
    return this.#replacedAt;
  }

  /** The calls in memory, newest first: live, ended, and those of an earlier run as it left them. */
  list(): readonly CallRecord[] {
    const live = this.#live.all().map(({ record }) => record);
    return [...live, ...this.#unresolved.values(), ...this.#ended.all()].sort((a, b) =>
      b.startedAt - a.startedAt
    );
  }

  /** The call with this id, if it is in memory. */
  get(id: string): CallRecord | undefined {
    const others = [...this.#unresolved.values(), ...this.#ended.all()];
    return this.#live.get(id)?.record ?? others.find((record) => record.id === id);
  }

  /** Whether the call is up, or may be: the PBX has not been asked yet about calls of an earlier run. */
  isUp(id: string): boolean {
    return this.#live.get(id) !== undefined ||
      [...this.#unresolved.values()].some((record) => record.id === id);
  }

  /** Keeps ended calls no longer in memory for which `which` says so. */
  forget(which: (call: CallRecord) => boolean): void {
    this.#ended.forget(which);
  }

  /** The call's recording, once it exists. */
  recordingPath(id: string): string | undefined {
    return this.get(id) && existingRecording(this.#services.settings, id);
  }

  /**
   * Breaks a call's isolate on purpose: see `Isolate.injectFault`. Resolves with undefined also when
   * the call is not up.
   */
  async injectFault(id: string, kind: FaultKind): Promise<number | undefined> {
    return await this.#live.get(id)?.injectFault(kind);
  }

  /** Takes every event of the application. */
  onEvent(event: AriEvent): void {
    this.#live.tell(event);
    this.#sounds.onEvent(event);
    this.#admission.onEvent(event);
    if (event.type === "StasisStart") this.#channelEntered(event.channel);
    else if (event.type === "ApplicationReplaced") this.#standDown();
  }

  /**
   * Brings the calls known here into line with what the PBX has. To be called after every
   * connection, as the PBX replays nothing of what happened meanwhile, and from time to time, as an
   * event may get lost. Adopts the journal's calls that are still up.
   *
   * @throws {AriError} when the PBX does not answer.
   */
  async reconcile(commands: ReconcileCommands): Promise<void> {
    if (this.#stoodDown) return;
    // The PBX's answer says nothing about calls that begin while it is on its way.
    const before = this.#live.all();
    const { waiting } = this.#admission;
    const found = await takeInventory(commands, this.#services.settings.ARI_APP_NAME);
    if (this.#stoodDown) return;
    for (const session of before) {
      if (!found.channels.has(session.record.channelId)) session.lost();
    }
    this.#admission.gone(waiting.filter((id) => !found.callers.has(id)));
    this.#resolveEarlier(found);
    const known = new Set(before.map(({ record }) => record.channelId));
    for (const [id, channel] of found.callers) {
      if (known.has(id) || this.#live.on(id) || this.#admission.has(id)) continue;
      void this.#admission.enterAgain(channel);
    }
    await removeStrays(commands, found, this.#live);
    // It never fails, and nobody waits for it: calls to resume come first.
    void this.#services.route.removeRecordings();
  }

  /**
   * Whether nobody can speak or hear at the moment. Then no call is taken, and those that are up are
   * handed over with words that were rendered beforehand.
   */
  speechless(now: boolean): void {
    this.#admission.speechless(now);
    if (now) this.#handOverAll();
  }

  /** Takes no new calls: they go to the fallback context. */
  close(): void {
    this.#admission.close();
  }

  /** Waits until all calls have ended, at most `ms`, then hands over those that are still up. */
  async drain(ms: number): Promise<void> {
    this.close();
    const waited = new AbortController();
    await Promise.race([this.#live.closed(), pause(ms, waited.signal)]);
    waited.abort();
    this.#handOverAll();
    await this.#live.closed();
  }

  /** Lets go of all calls without touching them on the PBX. */
  async letGo(): Promise<void> {
    this.#admission.letGo();
    await Promise.all(this.#live.all().map((session) => session.standDown()));
  }

  get #stoodDown(): boolean {
    return this.#replacedAt !== undefined;
  }

  #handOverAll(): void {
    for (const session of this.#live.all()) session.leave("handover");
  }

  #channelEntered(channel: Channel): void {
    const { id } = channel;
    if (!isMediaChannel(id)) return this.#callerEntered(channel);
    if (!this.#live.on(id)) log.debug("media channel of no call", { channel: id });
  }

  #callerEntered(channel: Channel): void {
    if (this.#stoodDown || this.#admission.has(channel.id)) return;
    if (this.#live.on(channel.id)) {
      log.warn("channel entered twice, the second time is ignored", { channel: channel.id });
      return;
    }
    this.#admission.enter(channel);
  }

  #begin(channel: Channel): void {
    const { journal, metrics } = this.#services;
    const record = newCallRecord({
      id: newCallId(),
      channelId: channel.id,
      caller: shownCaller(channel),
      startedAt: Date.now(),
    });
    journal.begin(record, channel.caller.number);
    metrics.callStarted();
    log.info("call begins", { call: record.id, channel: channel.id, caller: record.caller });
    this.#start(record, channel, false);
  }

  #start(record: CallRecord, channel: Channel, adopted: boolean): void {
    const session = this.#live.start(record, this.#services, adopted);
    this.#admission.called(channel, session.closed);
    this.#services.metrics.liveCalls(this.#live.size);
    void session.closed.finally(() => this.#onClosed(record));
  }

  #onClosed(record: CallRecord): void {
    const { metrics, route } = this.#services;
    this.#ended.keep(record);
    metrics.liveCalls(this.#live.size);
    if (this.#live.size === 0) void route.tidyUp();
    this.#admission.callEnded();
    const seconds = (Date.now() - record.startedAt) / 1000;
    const reason: EndReason = record.endReason ?? "stood_down";
    metrics.callEnded(reason, seconds);
    const [turns, restarts] = [record.turns.length, record.restarts.length];
    log.info("call ended", { call: record.id, reason, seconds, turns, restarts });
  }

  /** Adopts the calls of an earlier run that are still up, and closes the others. */
  #resolveEarlier({ callers }: PbxInventory): void {
    const records = [...this.#unresolved.values()];
    this.#unresolved.clear();
    for (const record of records) {
      const { id: call, channelId: channel, phase } = record;
      const caller = callers.get(channel);
      if (!caller || this.#live.on(channel)) {
        this.#lose(record);
        continue;
      }
      log.warn("call of an earlier run is adopted", { call, channel, phase });
      this.#start(record, caller, true);
    }
    const settled = this.#live.all().map(({ settled }) => settled);
    void Promise.all(settled).then(() => this.#resumed.resolve());
  }

  #lose(record: CallRecord): void {
    const event = { kind: "ended", reason: "lost" } as const;
    const now = Date.now();
    applyEvent(record, event, now);
    this.#services.journal.append(record.id, event, now);
    this.#ended.keep(record);
    log.warn("call of an earlier run is over", { call: record.id, channel: record.channelId });
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
}
