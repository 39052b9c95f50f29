// What a call's isolate reports, and whom each report concerns.

import type { CallEvent } from "../../call_record.ts";
import type { ModelUsage } from "../../../agent/agent.ts";
import type { CallCounter, ToSession } from "../../messages.ts";
import type { ServiceMetrics } from "../metrics.ts";

/** A call, as far as its isolate's reports concern it. */
export interface ReportedCall {
  /** The isolate has received the call. */
  assigned(): void;
  /** Something happened at `at`, in milliseconds since the epoch. */
  note(event: CallEvent, at: number): void;
  /** The caller began or stopped speaking. */
  callerSpeaking(speaking: boolean): void;
  /** A phrase of the bot was heard to its end. */
  progress(): void;
  /** The last words were heard. */
  said(): void;
  /** A tool call is due. */
  toolCall(id: string): void;
  /** A request to a model is over. */
  modelUsed(usage: ModelUsage): void;
}

/** Passes a report on to the call, or to the metrics. */
export function onReport(message: ToSession, call: ReportedCall, metrics: ServiceMetrics): void {
  switch (message.kind) {
    case "assigned":
      return call.assigned();
    case "event":
      return call.note(message.event, message.at);
    case "caller_speaking":
      return call.callerSpeaking(message.speaking);
    case "progress":
      return call.progress();
    case "said":
      return call.said();
    case "tool_call":
      return call.toolCall(message.id);
    case "count":
      return COUNT[message.what](metrics);
    case "early_start":
      return metrics.startedEarly(message.outcome);
    case "assistant":
      return message.event.kind === "degraded"
        ? metrics.assistantDegraded(message.event)
        : call.modelUsed(message.event);
    default:
      message satisfies never;
  }
}

const COUNT: Readonly<Record<CallCounter, (metrics: ServiceMetrics) => void>> = {
  barge_in_resumed: (metrics) => metrics.bargeInResumed(),
  vad_degraded: (metrics) => metrics.vadDegraded(),
  vad_restored: (metrics) => metrics.vadRestored(),
  asr_failed: (metrics) => metrics.unserved("asr"),
  tts_failed: (metrics) => metrics.unserved("tts"),
  agent_failed: (metrics) => metrics.unserved("agent"),
  filler_spoken: (metrics) => metrics.fillerSpoken(),
  turn_begun_anew: (metrics) => metrics.turnBegunAnew(),
  recording_failed: (metrics) => metrics.recordingFailed(),
};
