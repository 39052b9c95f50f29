// One call as the service sees it: its channel, bridge and media on the PBX, the supervised
// isolate that talks, and its deadlines. Nothing here touches audio.

import { AriError, type AriEvent, unlessGone } from "../../../asterisk/ari/mod.ts";
import { inCallersCodec, NATIVE_FORMATS } from "../../../asterisk/transports/choose.ts";
import { logger } from "../../../config/logging.ts";
import type { MediaPlan } from "../../../media/transport.ts";
import type { CallIsolate } from "../isolates/pooled_isolate.ts";
import { CallExit } from "./call_exit.ts";
import type { CallServices } from "./call_services.ts";
import { CallMedia, needsBridge } from "../media/call_media.ts";
import {
  applyEvent,
  type CallEvent,
  type CallRecord,
  type EndReason,
  type Phase,
} from "../../call_record.ts";
import type { ToSession } from "../../messages.ts";
import type { FaultKind } from "../../otp/control.ts";
import { PhaseTimers } from "./phase_timers.ts";
import type { DeadlineAction } from "../policies.ts";
import { type StartContext, Supervisor } from "../../otp/supervisor.ts";
import { ToolRunner } from "./tool_runner.ts";

const log = logger("call");

/** An isolate has this long to finish its recording once the call is over. */
const SHUTDOWN_MS = 1000;

/** One call, from StasisStart to its last trace on the PBX gone. */
export class CallSession {
  readonly record: CallRecord;
  readonly #services: CallServices;
  readonly #supervisor: Supervisor;
  readonly #timers: PhaseTimers;
  readonly #tools: ToolRunner;
  readonly #exit: CallExit;
  readonly #over = new AbortController();
  readonly #closed: Promise<void>;
  readonly #settled = Promise.withResolvers<void>();
  #isolate?: CallIsolate;
  #media?: CallMedia;
  #callerSpeaking = false;
  #diedAt = 0;
  #standingDown = false;

  /** @param record a new call's, or the journal's of one that is adopted. */
  constructor(record: CallRecord, services: CallServices, adopted: boolean) {
    this.record = record;
    this.#services = services;
    this.#diedAt = performance.now();
    const { CALL_RESTART_INTENSITY, CALL_RESTART_PERIOD_SECONDS } = services.settings;
    this.#supervisor = new Supervisor({
      intensity: CALL_RESTART_INTENSITY,
      periodMs: CALL_RESTART_PERIOD_SECONDS * 1000,
      onExit: (_, reason) => {
        const detail = this.#isolate?.detail;
        this.#isolate = undefined;
        this.#diedAt = performance.now();
        if (reason === "normal" || reason === "shutdown") return this.#end("hangup");
        log.error("call isolate died, replacing it", {
          call: record.id,
          reason,
          phase: record.phase,
          detail,
        });
      },
      onStartFailed: (_, error) => {
        if (this.#over.signal.aborted) return;
        log.error("call isolate could not take the call", { call: record.id, error });
      },
    });
    this.#timers = new PhaseTimers(
      services.policies,
      (phase, action) => this.#onDeadline(phase, action),
      {
        elapsedMs: Math.max(0, Date.now() - record.startedAt),
      },
    );
    const { settings, ari } = services;
    this.#exit = new CallExit({
      record,
      settings,
      ari,
      over: this.#over.signal,
      sayLast: (prompt) => this.#isolate?.post({ kind: "say_last", prompt }),
      end: (reason) => this.#end(reason),
    });
    this.#tools = new ToolRunner({
      record,
      settings,
      ari,
      note: (event) => this.#note(event),
      depart: (departure) => this.#exit.departFor(departure),
    });
    this.#closed = this.#run(adopted);
  }

  /** Settles when the call is over and nothing of it is left, neither here nor on the PBX. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  /** Settles when an isolate has the call for the first time, or none ever will. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  /** The media channel in use, if `channelId` is it. */
  ownsMedia(channelId: string): boolean {
    return channelId === this.#media?.id;
  }

  /** An event that may be about the call's media. */
  onMediaEvent(event: AriEvent): void {
    this.#media?.onEvent(event);
  }

  /** The caller's channel has left: hung up, or gone on in the dialplan. */
  channelLeft(): void {
    this.#exit.channelLeft();
  }

  /** The PBX no longer has the channel, and nobody knows since when. */
  lost(): void {
    this.#end("lost");
  }

  /** The caller pressed a key. */
  dtmf(digit: string): void {
    if (!this.#over.signal.aborted) this.#note({ kind: "dtmf", digit });
  }

  /** See `Isolate.injectFault`. */
  async injectFault(kind: FaultKind): Promise<number | undefined> {
    return await this.#isolate?.injectFault(kind);
  }

  /** Ends the bot's part: its last words, then the fallback context. */
  handOver(): void {
    this.#leave("handover");
  }

  /** Lets go of the call without touching it on the PBX: somebody else has it now. */
  async standDown(): Promise<void> {
    this.#standingDown = true;
    this.#end("stood_down");
    await this.#closed;
  }

  get #bridgeId(): string {
    return `voxbot-${this.record.id}`;
  }

  async #run(adopted: boolean): Promise<void> {
    const { id, channelId } = this.record;
    try {
      const plan = await this.#services.route.plan(this.#over.signal);
      await this.#join(plan, adopted);
      const fitting = await this.#fitting(plan);
      await this.#startFirst(fitting, adopted);
    } catch (error) {
      if (!await this.#isOver(error)) {
        log.error("call could not be set up", { call: id, channel: channelId, error });
        this.#supervisor.shutdown();
      }
    }
    await this.#supervisor.exited;
    this.#settled.resolve();
    this.#timers[Symbol.dispose]();
    if (!this.#over.signal.aborted) await this.#exit.lastResort();
    if (!this.#standingDown) await this.#cleanUp();
  }

  /**
   * Gives the call its first isolate, and where that one does not come to talk, another. From then
   * on the supervisor replaces what dies.
   */
  async #startFirst(plan: MediaPlan, adopted: boolean): Promise<void> {
    const start = () =>
      this.#supervisor.startChild({
        id: "isolate",
        restart: "transient",
        shutdown: SHUTDOWN_MS,
        start: (context) => this.#startIsolate(context, plan, adopted),
      });
    try {
      await start();
    } catch (error) {
      if (this.#over.signal.aborted) throw error;
      log.warn("call's first isolate could not take it, trying another", {
        call: this.record.id,
        error,
      });
      await start();
    }
  }

  /** Answers, and puts the caller into a bridge of this call's own. */
  async #join(plan: MediaPlan, adopted: boolean): Promise<void> {
    const { ari } = this.#services;
    const signal = this.#over.signal;
    if (!needsBridge(plan)) {
      await ari.run((commands) => commands.answer(this.record.channelId, signal), signal);
      // From an earlier run over another transport: in a bridge the caller would hear no file.
      if (adopted) await this.#destroyBridge();
      return;
    }
    const made = ari.run((commands) => commands.createBridge(this.#bridgeId, signal), signal);
    await Promise.all([
      ari.run((commands) => commands.answer(this.record.channelId, signal), signal),
      adopted ? made.catch(ignoreConflict) : made,
    ]);
    await ari.run(
      (commands) => commands.addToBridge(this.#bridgeId, this.record.channelId, signal),
      signal,
    );
  }

  /** The plan for this caller, whose line's codec is settled once the call is answered. */
  async #fitting(plan: MediaPlan): Promise<MediaPlan> {
    if (plan.kind !== "rtp") return plan;
    const { channelId, id } = this.record;
    const signal = this.#over.signal;
    try {
      const formats = await this.#services.ari.runOnce(
        (commands) => commands.variable(channelId, NATIVE_FORMATS, signal),
        signal,
      );
      return inCallersCodec(plan, formats);
    } catch (error) {
      if (signal.aborted || gone(error)) throw error;
      log.warn("the codec of the caller's line is not known: its audio may be transcoded", {
        call: id,
        format: plan.format,
        error,
      });
      return plan;
    }
  }

  /** Gives the call to a warm isolate, with media of its own, and waits until it talks. */
  async #startIsolate(
    { previousExit }: StartContext,
    plan: MediaPlan,
    adopted: boolean,
  ): Promise<CallIsolate> {
    const { ari, isolates, settings, metrics } = this.#services;
    const signal = this.#over.signal;
    signal.throwIfAborted();
    void this.#dropMedia();
    const media = new CallMedia(plan, {
      ari,
      app: settings.ARI_APP_NAME,
      callId: this.record.id,
      channelId: this.record.channelId,
      bridgeId: this.#bridgeId,
      timeoutMs: settings.MEDIA_CONNECT_TIMEOUT_MS,
      signal,
    });
    this.#media = media;
    const [isolate, prompts] = await Promise.all([isolates.take(), isolates.prompts()]);
    const resumed = previousExit !== undefined || adopted;
    const assignedAt = performance.now();
    try {
      isolate.post({
        kind: "assign",
        assignment: {
          callId: this.record.id,
          media: plan,
          record: this.record,
          resumed,
          // Nobody listened while the service was down: whatever was said then is lost.
          callerWasSpeaking: this.#callerSpeaking || (adopted && previousExit === undefined),
          prompts,
          recordingPath: this.#services.recordingPath(this.record.id),
        },
      });
      await media.connect(isolate, (message) => {
        if (message.kind === "assigned") metrics.isolateHandedOver(performance.now() - assignedAt);
        else this.#onMessage(isolate, message);
      });
      this.#isolate = isolate;
      this.#callerSpeaking = false;
      this.#timers.callerSpeaking(false);
      isolate.post({ kind: "begin" });
      this.#exit.resume();
      if (resumed) this.#tellRestart(previousExit ?? "shutdown");
      this.#settled.resolve();
      return isolate;
    } catch (error) {
      isolate.kill();
      await this.#isOver(error);
      throw error;
    }
  }

  /**
   * Whether a command failed because the call is over, which is then noted. That the PBX does not
   * find a thing says little: it may be our media, cut at that moment, and the caller is still there.
   */
  async #isOver(error: unknown): Promise<boolean> {
    const { ari, settings } = this.#services;
    const { signal } = this.#over;
    if (signal.aborted || !gone(error)) return signal.aborted;
    try {
      const application = await ari.run(
        (commands) => commands.application(settings.ARI_APP_NAME, signal),
        signal,
      );
      if (!application.channel_ids.includes(this.record.channelId)) this.#end("hangup");
    } catch (unknown) {
      log.warn("the PBX does not tell whether the caller is still there", {
        call: this.record.id,
        error: unknown,
      });
    }
    return signal.aborted;
  }

  #tellRestart(reason: NonNullable<StartContext["previousExit"]>): void {
    const { phase } = this.record;
    const waitedMs = Math.round(performance.now() - this.#diedAt);
    this.#note({ kind: "restarted", reason, phase, waitedMs });
    this.#services.metrics.callRestarted(reason, phase, waitedMs);
    log.warn("call goes on in a new isolate", { call: this.record.id, reason, phase, waitedMs });
  }

  #onMessage(isolate: CallIsolate, message: ToSession): void {
    if (this.#over.signal.aborted) return;
    const { metrics } = this.#services;
    switch (message.kind) {
      case "event":
        this.#note(message.event, message.at);
        break;
      case "caller_speaking":
        this.#callerSpeaking = message.speaking;
        this.#timers.callerSpeaking(message.speaking);
        break;
      case "progress":
        this.#timers.progress();
        break;
      case "said":
        this.#exit.depart();
        break;
      case "count":
        if (message.what === "barge_in_resumed") metrics.bargeInResumed();
        else if (message.what === "vad_degraded") metrics.vadDegraded();
        else if (message.what === "asr_failed") metrics.unserved("asr");
        else if (message.what === "tts_failed") metrics.unserved("tts");
        else if (message.what === "agent_failed") metrics.unserved("agent");
        else if (message.what === "filler_spoken") metrics.fillerSpoken();
        else if (message.what === "recording_failed") metrics.recordingFailed();
        break;
      case "tool_call":
        void this.#runTool(isolate, message.id);
        break;
      case "assistant":
        if (message.event.kind === "degraded") metrics.assistantDegraded(message.event);
        else metrics.modelUsed(message.event);
        break;
      case "early_start":
        metrics.startedEarly(message.outcome);
        break;
    }
  }

  /** The one place where the call's record changes. */
  #note(event: CallEvent, at: number = Date.now()): void {
    const { journal, metrics } = this.#services;
    applyEvent(this.record, event, at);
    journal.append(this.record.id, event, at);
    if (event.kind === "phase") this.#timers.enter(event.phase);
    else if (event.kind === "nudged") this.#timers.nudged();
    else if (event.kind === "timings") metrics.turnTimed(event.stages);
    else if (event.kind === "barge_in") metrics.bargeInConfirmed(event.onsetToSilenceMs);
  }

  #onDeadline(phase: Phase, action: DeadlineAction): void {
    log.warn("deadline passed", { call: this.record.id, phase, action });
    this.#services.metrics.deadlinePassed(phase, action);
    switch (action) {
      case "nudge":
        this.#isolate?.post({ kind: "nudge" });
        break;
      case "apologise":
        this.#isolate?.post({ kind: "apologise" });
        break;
      case "restart":
        this.#isolate?.killBecause("phase_timeout", `too long in ${phase}`);
        break;
      case "hangup":
        this.#leave("hangup");
        break;
      case "handover":
        if (this.#exit.decided) this.#exit.depart();
        else this.#leave("handover");
    }
  }

  /** The bot says its last words; `said`, or the handover deadline, does the rest. */
  #leave(destination: "hangup" | "handover"): void {
    if (this.#exit.decided || this.#over.signal.aborted) return;
    this.#timers.enter("handover");
    this.#exit.leave(destination);
  }

  async #runTool(isolate: CallIsolate, id: string): Promise<void> {
    const result = await this.#tools.run(id);
    isolate.post({ kind: "tool_done", id, result });
    this.#exit.toolAnswered();
  }

  #end(reason: EndReason): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort(new DOMException("the call is over", "AbortError"));
    this.#timers[Symbol.dispose]();
    if (reason !== "stood_down") this.#note({ kind: "ended", reason });
    this.#supervisor.shutdown();
  }

  async #dropMedia(): Promise<void> {
    const media = this.#media;
    this.#media = undefined;
    await media?.[Symbol.asyncDispose]();
  }

  async #cleanUp(): Promise<void> {
    await Promise.all([this.#dropMedia(), this.#destroyBridge()]);
  }

  async #destroyBridge(): Promise<void> {
    const { ari } = this.#services;
    try {
      await unlessGone(ari.run((commands) => commands.destroyBridge(this.#bridgeId)));
    } catch (error) {
      log.error("bridge could not be destroyed", {
        call: this.record.id,
        bridge: this.#bridgeId,
        error,
      });
    }
  }
}

function gone(error: unknown): boolean {
  return error instanceof AriError && (error.gone || error.kind === "not_in_stasis");
}

function ignoreConflict(error: unknown): void {
  if (!(error instanceof AriError && error.kind === "conflict")) throw error;
}
