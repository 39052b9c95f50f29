// Every Prometheus metric of the service, in one place. Labels are words of closed sets; none is
// ever made from a call, a channel or a caller.

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

import type { Stage } from "../actors/call_record.ts";
import type { ServiceMetrics } from "../actors/service/metrics.ts";
import { engineMetrics } from "./engine_metrics.ts";
import { lineMetrics } from "./line_metrics.ts";
import { observe, word } from "./metric_values.ts";
import { assistantMetrics } from "./assistant_metrics.ts";
import { speechMetrics } from "./speech_metrics.ts";

/** The service's metrics and the page that shows them. */
export interface PrometheusMetrics extends ServiceMetrics {
  /** MIME type of `exposition`. */
  readonly contentType: string;
  /** All metrics in Prometheus' text format. */
  exposition(): Promise<string>;
}

/** Bucket bounds in seconds. Fine around what a caller notices: 250 ms barge-in, 600/900 ms answers. */
const ANSWER_SECONDS = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9, 1.2, 1.5, 2, 3, 5, 10, 20];
const BARGE_IN_SECONDS = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.6, 1, 2];
const HANDOVER_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];
const RESTART_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const CALL_SECONDS = [5, 15, 30, 60, 120, 300, 600, 1200, 3600];

/** Metrics in a registry of their own, with the process's own unless `ofProcess` is false. */
export function createMetrics({ ofProcess = true } = {}): PrometheusMetrics {
  const registry = new Registry();
  if (ofProcess) collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ name: `voxbot_${name}`, help, labelNames, registers });
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `voxbot_${name}`, help, registers });
  const histogram = <L extends string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly L[] = [],
  ) => new Histogram<L>({ name: `voxbot_${name}`, help, buckets, labelNames, registers });

  const callsStarted = counter("calls_started_total", "Calls accepted");
  const callsRefused = counter("calls_refused_total", "Calls turned away unanswered", ["reason"]);
  const callsEnded = counter("calls_ended_total", "Calls that are over", ["reason"]);
  const callDuration = histogram("call_duration_seconds", "Length of a call", CALL_SECONDS);
  const callsLive = gauge("calls_live", "Calls in progress");

  const handover = histogram(
    "isolate_handover_seconds",
    "From choosing a warm isolate to its having the call",
    HANDOVER_SECONDS,
  );
  const poolSize = gauge("isolate_pool_size", "Warm call isolates waiting");
  const callRestarts = counter(
    "call_restarts_total",
    "Call isolates that died and were replaced, by how they ended and the phase of the call",
    ["reason", "phase"],
  );
  const restartWait = histogram(
    "call_restart_wait_seconds",
    "From an isolate's death to its replacement taking over",
    RESTART_SECONDS,
    ["reason"],
  );
  const engineRestarts = counter(
    "engine_restarts_total",
    "Restarts of the speech engine, by how it ended",
    ["reason"],
  );
  const deadlines = counter(
    "phase_deadlines_total",
    "Phases that outlasted their deadline, and what followed",
    ["phase", "action"],
  );

  const stageLatency = histogram(
    "stage_latency_seconds",
    "From the caller's last speech frame to each stage of the answer",
    ANSWER_SECONDS,
    ["stage"],
  );
  const voiceToVoice = histogram(
    "voice_to_voice_seconds",
    "From the caller's last speech frame to the first audio of the answer leaving to the PBX",
    ANSWER_SECONDS,
  );
  const bargeIn = histogram(
    "barge_in_seconds",
    "From the onset of a barge-in to silence at the caller",
    BARGE_IN_SECONDS,
  );
  const bargeIns = counter(
    "barge_ins_total",
    "Speech onsets over the bot, by whether they proved to be speech or playout went on",
    ["outcome"],
  );

  const vadDegraded = counter(
    "vad_degraded_total",
    "Times a call fell back to energy-based voice detection",
  );
  const vadRestored = counter(
    "vad_restored_total",
    "Times a call's voice detection went back to the engine's",
  );
  const unserved = counter(
    "unserved_total",
    "Times no provider of recognition (asr), voice (tts) or assistant (agent) did its work",
    ["kind"],
  );
  const fillers = counter("fillers_total", "Fillers spoken while an answer was being made");
  const journalErrors = counter("journal_errors_total", "Events not written to the journal");
  const recordingErrors = counter("recording_errors_total", "Recordings not written");

  const ariUp = gauge("ari_up", "1 while the ARI events socket is open");
  const ariConnects = counter("ari_connects_total", "Times the ARI events socket was opened");
  const ariCommandErrors = counter(
    "ari_command_errors_total",
    "ARI commands that failed, by HTTP status (0: no answer)",
    ["status"],
  );

  let ariWasUp = false;

  return {
    contentType: registry.contentType,
    exposition: () => registry.metrics(),

    callStarted: () => callsStarted.inc(),
    callRefused: (reason) => callsRefused.inc({ reason: word(reason) }),
    callEnded(reason, seconds) {
      callsEnded.inc({ reason: word(reason) });
      observe(callDuration, {}, seconds * 1000);
    },
    liveCalls: (count) => callsLive.set(count),

    isolateHandedOver: (ms) => observe(handover, {}, ms),
    poolSize: (count) => poolSize.set(count),
    callRestarted(reason, phase, waitedMs) {
      callRestarts.inc({ reason, phase });
      observe(restartWait, { reason }, waitedMs);
    },
    engineRestarted: (reason) => engineRestarts.inc({ reason }),
    engineMeasured: engineMetrics(registry),
    deadlinePassed: (phase, action) => deadlines.inc({ phase, action: word(action) }),

    turnTimed(stages) {
      for (const [stage, ms] of Object.entries(stages) as [Stage, number][]) {
        observe(stageLatency, { stage }, ms);
        if (stage === "audio_queued") observe(voiceToVoice, {}, ms);
      }
    },
    bargeInConfirmed(onsetToSilenceMs) {
      bargeIns.inc({ outcome: "confirmed" });
      observe(bargeIn, {}, onsetToSilenceMs);
    },
    bargeInResumed: () => bargeIns.inc({ outcome: "resumed" }),

    lineCounted: lineMetrics(registry),
    vadDegraded: () => vadDegraded.inc(),
    vadRestored: () => vadRestored.inc(),
    speechHappened: speechMetrics(registry),
    unserved: (kind) => unserved.inc({ kind }),
    ...assistantMetrics(registry),
    fillerSpoken: () => fillers.inc(),
    journalFailed: () => journalErrors.inc(),
    recordingFailed: () => recordingErrors.inc(),

    ariConnected(up) {
      ariUp.set(up ? 1 : 0);
      if (up && !ariWasUp) ariConnects.inc();
      ariWasUp = up;
    },
    ariCommandFailed: (status) => ariCommandErrors.inc({ status: String(status) }),
  };
}
