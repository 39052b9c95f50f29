// One call as the service sees it: its two legs on the PBX, its record and its deadlines. Nothing
// here touches audio.

import type { AriEvent } from "../../../asterisk/ari/mod.ts";
import { logger } from "../../../config/logging.ts";
import {
  applyEvent,
  type CallEvent,
  type CallRecord,
  type EndReason,
  type Phase,
} from "../../call_record.ts";
import type { ModelUsage } from "../../../agent/agent.ts";
import type { LastWords, ToSession } from "../../messages.ts";
import type { FaultKind } from "../../otp/control.ts";
import type { CallIsolate } from "../isolates/pooled_isolate.ts";
import type { DeadlineAction } from "../policies.ts";
import { BotLeg, type Resumption } from "./bot_leg.ts";
import { boundReached, type CallBound } from "../budget/call_budget.ts";
import { type AnnouncedDestination, CallExit } from "../exit/call_exit.ts";
import { onReport } from "./call_reports.ts";
import type { CallServices } from "./call_services.ts";
import { CallerLeg } from "./caller_leg.ts";
import { PhaseTimers } from "./phase_timers.ts";
import { ToolRunner } from "./tool_runner.ts";

/** In place of a key that the caller pressed: it may belong to a card number or a PIN. */
const MASKED_KEY = "x";

/** The key that says "I have finished", as on every voice menu. */
const END_OF_TURN_KEY = "#";

const log = logger("call");

/** A call to carry on. */
export interface CallSessionOptions {
  /** A new call's, or the journal's of one that is adopted. */
  readonly record: CallRecord;
  /** The call was begun by an earlier run of the service. */
  readonly adopted: boolean;
  readonly services: CallServices;
  /** Told the media channel's id whenever it changes; undefined while there is none. */
  onMediaChannel(channelId: string | undefined): void;
}

/** One call, from StasisStart until the PBX has no trace of it. */
export class CallSession {
  readonly record: CallRecord;
  readonly #options: CallSessionOptions;
  readonly #caller: CallerLeg;
  readonly #bot: BotLeg;
  readonly #timers: PhaseTimers;
  readonly #exit: CallExit;
  readonly #tools: ToolRunner;
  readonly #over = new AbortController();
  readonly #settled = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<void>();
  #standingDown = false;

  private constructor(options: CallSessionOptions) {
    this.#options = options;
    const { record, adopted, services } = options;
    const { settings, policies, ari, sounds } = services;
    const over = this.#over.signal;
    this.record = record;
    this.#timers = new PhaseTimers(
      policies,
      (phase, action) => this.#onDeadline(phase, action),
      { elapsedMs: Math.max(0, Date.now() - record.startedAt) },
    );
    this.#caller = new CallerLeg({
      ari,
      app: settings.ARI_APP_NAME,
      callId: record.id,
      channelId: record.channelId,
      over,
    });
    this.#bot = new BotLeg({
      record,
      adopted,
      services,
      bridgeId: this.#caller.bridgeId,
      over,
      onMediaChannel: options.onMediaChannel,
      onTalking: (resumed) => this.#onTalking(resumed),
      onReport: (message, isolate, assignedAt) => this.#onReport(message, isolate, assignedAt),
      onFinished: () => this.#end("hangup"),
      onFailure: (error) => this.#isOver(error),
    });
    this.#exit = new CallExit({
      record,
      settings,
      ari,
      sounds,
      over,
      sayLast: (prompt) => this.#bot.post({ kind: "say_last", prompt }),
      end: (reason) => this.#end(reason),
    });
    this.#tools = new ToolRunner({
      record,
      settings,
      ari,
      note: (event) => this.#note(event),
      sendCaller: (destination) => this.#exit.sendTo(destination),
    });
  }

  /** Begins a call, or carries on one that is adopted. */
  static start(options: CallSessionOptions): CallSession {
    const session = new CallSession(options);
    session.#run().then(session.#closed.resolve, session.#closed.reject);
    return session;
  }

  /** Settles when the call is over and nothing of it is left, neither here nor on the PBX. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Settles when an isolate has the call for the first time, or none ever will. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  /** Takes every event about the caller's channel or the media channel. */
  onEvent(event: AriEvent): void {
    this.#bot.onEvent(event);
    if (!("channel" in event) || event.channel?.id !== this.record.channelId) return;
    if (event.type === "StasisEnd" || event.type === "ChannelDestroyed") this.#exit.channelLeft();
    else if (event.type === "ChannelDtmfReceived") this.#onKey(event.digit);
  }

  /** The PBX no longer has the caller's channel, and nobody saw it leave. */
  lost(): void {
    this.#end("lost");
  }

  /** Breaks the isolate on purpose: see `Isolate.injectFault`. */
  injectFault(kind: FaultKind): Promise<number | undefined> {
    return this.#bot.injectFault(kind);
  }

  /** The bot says its last words; `said`, or the handover deadline, then sends the caller away. */
  leave(to: AnnouncedDestination, words?: LastWords): void {
    if (this.#exit.leaving || this.#over.signal.aborted) return;
    this.#timers.enter("handover");
    this.#exit.leave(to, words);
  }

  /** Lets go of the call without touching it on the PBX: another service has it now. */
  async standDown(): Promise<void> {
    this.#standingDown = true;
    this.#end("stood_down");
    await this.closed;
  }

  async #run(): Promise<void> {
    const { record, adopted, services: { route } } = this.#options;
    try {
      const plan = await route.plan(this.#over.signal);
      await this.#caller.join(plan, adopted);
      await this.#bot.start(await this.#caller.planFor(plan));
    } catch (error) {
      if (!await this.#isOver(error)) {
        const { id: call, channelId: channel } = record;
        log.error("call could not be set up", { call, channel, error });
        this.#bot.shutdown();
      }
    }
    await this.#bot.ended;
    this.#settled.resolve();
    this.#timers[Symbol.dispose]();
    if (!this.#over.signal.aborted) await this.#exit.lastResort();
    if (this.#standingDown) this.#bot.forgetMedia();
    else await Promise.all([this.#bot.removeMedia(), this.#caller.destroyBridge()]);
  }

  /** Whether a command failed because the call is over. If the caller has left, it now is. */
  async #isOver(error: unknown): Promise<boolean> {
    const { signal } = this.#over;
    if (!signal.aborted && await this.#caller.hasLeft(error)) this.#end("hangup");
    return signal.aborted;
  }

  #onTalking(resumed: Resumption | undefined): void {
    this.#timers.callerSpeaking(false);
    this.#exit.isolateReplaced();
    if (resumed) {
      const { reason, waitedMs } = resumed;
      const { id: call, phase } = this.record;
      this.#note({ kind: "restarted", reason, phase, waitedMs });
      this.#options.services.metrics.callRestarted(reason, phase, waitedMs);
      log.warn("call continues in a new isolate", { call, reason, phase, waitedMs });
    }
    this.#settled.resolve();
  }

  #onReport(message: ToSession, isolate: CallIsolate, assignedAt: number): void {
    const { metrics } = this.#options.services;
    onReport(message, {
      assigned: () => metrics.isolateHandedOver(performance.now() - assignedAt),
      note: (event, at) => this.#note(event, at),
      callerSpeaking: (speaking) => this.#timers.callerSpeaking(speaking),
      progress: () => this.#timers.progress(),
      said: () => this.#exit.send(),
      toolCall: (id) => void this.#runTool(isolate, id),
      modelUsed: (usage) => this.#onModelUsed(usage),
    }, metrics);
  }

  #onModelUsed(usage: ModelUsage): void {
    const { metrics, dayTokens } = this.#options.services;
    const tokens = usage.promptTokens + usage.completionTokens;
    metrics.modelUsed(usage);
    dayTokens.add(tokens);
    if (!this.#over.signal.aborted) this.#note({ kind: "tokens", tokens });
  }

  async #runTool(isolate: CallIsolate, id: string): Promise<void> {
    const result = await this.#tools.run(id);
    isolate.post({ kind: "tool_done", id, result });
    this.#exit.toolAnswered();
  }

  #onKey(key: string): void {
    if (this.#over.signal.aborted) return;
    if (key === END_OF_TURN_KEY) this.#bot.post({ kind: "end_turn" });
    const { MASK_CARDS } = this.#options.services.settings;
    this.#note({ kind: "dtmf", digit: MASK_CARDS ? MASKED_KEY : key });
  }

  #onDeadline(phase: Phase, action: DeadlineAction): void {
    log.warn("deadline passed", { call: this.record.id, phase, action });
    this.#options.services.metrics.deadlinePassed(phase, action);
    switch (action) {
      case "nudge":
      case "apologise":
        this.#bot.post({ kind: action });
        break;
      case "restart":
        this.#bot.replace(`too long in ${phase}`);
        break;
      case "hangup":
        this.leave("hangup");
        break;
      case "handover":
        if (this.#exit.leaving) this.#exit.send();
        else this.leave("handover");
    }
  }

  /** The one place where the call's record changes. */
  #note(event: CallEvent, at: number = Date.now()): void {
    const { journal, metrics } = this.#options.services;
    applyEvent(this.record, event, at);
    journal.append(this.record.id, event, at);
    if (event.kind === "phase") this.#timers.enter(event.phase);
    else if (event.kind === "nudged") this.#timers.nudged();
    else if (event.kind === "timings") metrics.turnTimed(event.stages);
    else if (event.kind === "barge_in") metrics.bargeInConfirmed(event.onsetToSilenceMs);
    const bound = boundReached(this.record, event, this.#options.services.settings);
    if (bound) this.#onBound(bound);
  }

  #onBound(bound: CallBound): void {
    if (this.#exit.leaving || this.#over.signal.aborted) return;
    const { id: call, tokens, turns } = this.record;
    const setting = bound === "turns" ? "MAX_TURNS" : "LLM_CALL_TOKENS";
    log.warn("call has reached its bound and is handed over", {
      call,
      bound: setting,
      turns: turns.length,
      tokens,
    });
    this.#options.services.metrics.callBounded(bound);
    this.leave("handover", "call_limit");
  }

  #end(reason: EndReason): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort(new DOMException("the call is over", "AbortError"));
    this.#timers[Symbol.dispose]();
    if (reason !== "stood_down") this.#note({ kind: "ended", reason });
    this.#bot.shutdown();
  }
}
