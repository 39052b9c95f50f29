// The metrics of the speech engine: how long its models keep the calls waiting.

import type { ServiceMetrics } from "../../actors/service/metrics.ts";
import type { EngineStats, Summary } from "../../speech/engine/stats.ts";
import type { Instruments, Level } from "./instruments.ts";

/** The figures of a summary that are shown, by their label; 1 is the maximum. */
const QUANTILES = { "0.5": "p50", "0.95": "p95", "1": "max" } as const;

/** Registers the metrics and returns the function that sets them to the engine's latest figures. */
export function engineMetrics(make: Instruments): ServiceMetrics["engineMeasured"] {
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    make.gauge(`engine_${name}`, help, labelNames);
  const ofRecent = (name: string, help: string) =>
    gauge(name, `${help}; quantiles of the last 500`, ["quantile"]);

  const calls = gauge("calls", "Call isolates connected to the speech engine");
  const waiting = gauge("waiting", "Requests that wait for a local model, by its work", ["work"]);
  const batch = ofRecent(
    "vad_batch_windows",
    "Windows of different calls run through VAD together",
  );
  const seconds = {
    vad: ofRecent(
      "vad_latency_seconds",
      "From a window's arrival at the engine to its speech probability",
    ),
    urgent: ofRecent(
      "recognition_latency_seconds",
      "From the request of a caller's finished words to their text",
    ),
    recognising: ofRecent("recognition_seconds", "Time a recogniser spent on a request"),
    firstAudio: ofRecent(
      "voice_first_audio_seconds",
      "From a phrase's arrival at the engine to its first audio",
    ),
    phrase: ofRecent(
      "voice_phrase_seconds",
      "From a phrase's arrival at the engine to its last audio",
    ),
  };
  const recognitions = make.counter(
    "engine_recognitions",
    "Requests to the local recogniser by outcome: text, superseded by a newer one, or busy",
    ["outcome"],
  );
  const gauges = [calls, waiting, batch, ...Object.values(seconds)];

  return (stats: EngineStats | undefined) => {
    // A new engine has measured nothing yet, and a dead one measures nothing any more.
    for (const metric of [...gauges, recognitions]) metric.reset();
    if (!stats) return;
    const { vad, recognition, voice } = stats;
    calls.set(stats.calls);
    waiting.set({ work: "vad" }, vad.waiting);
    waiting.set({ work: "recognition" }, recognition.waiting);
    if (voice) waiting.set({ work: "voice" }, voice.waiting);
    show(batch, vad.batchSize, 1);
    show(seconds.vad, vad.latency, 1000);
    show(seconds.urgent, recognition.urgentLatency, 1000);
    show(seconds.recognising, recognition.time, 1000);
    if (voice) show(seconds.firstAudio, voice.firstAudio, 1000);
    if (voice) show(seconds.phrase, voice.phrase, 1000);
    for (const [outcome, count] of Object.entries(recognition.outcomes)) {
      recognitions.inc({ outcome }, count);
    }
  };
}

/** Sets the gauge of a summary, unless it has no values yet; `divisor` turns its unit into the gauge's. */
function show(gauge: Level<"quantile">, summary: Summary, divisor: number): void {
  if (summary.count === 0) return;
  for (const [quantile, key] of Object.entries(QUANTILES)) {
    gauge.set({ quantile }, summary[key] / divisor);
  }
}
