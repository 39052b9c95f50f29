import assert from "node:assert/strict";

import type { EndReason } from "../../actors/call_record.ts";
import { noMetrics } from "../../actors/service/metrics.ts";
import type { EngineStats, Summary } from "../../speech/engine/stats.ts";
import { unexpected } from "../../runtime/unexpected.ts";
import { LogLines } from "../../testing/log_lines.ts";
import { createMetrics } from "./mod.ts";

/** The value of one series, `name{label="x"}`, in the text format. */
async function series(metrics: ReturnType<typeof createMetrics>, name: string): Promise<number> {
  const line = (await metrics.exposition()).split("\n").find((line) => line.startsWith(`${name} `));
  assert.ok(line, `no series ${name}`);
  return Number(line.slice(name.length));
}

Deno.test("an answer's stages and its voice-to-voice time can be read from /metrics", async () => {
  const metrics = createMetrics({ ofProcess: false });
  metrics.turnTimed({ endpoint: 420, asr_final: 430 });
  metrics.turnTimed({ audio_queued: 580 });
  assert.equal(await series(metrics, 'voxbot_stage_latency_seconds_count{stage="asr_final"}'), 1);
  assert.equal(await series(metrics, "voxbot_voice_to_voice_seconds_sum"), 0.58);
  assert.equal(await series(metrics, 'voxbot_voice_to_voice_seconds_bucket{le="0.6"}'), 1);
  assert.equal(await series(metrics, 'voxbot_voice_to_voice_seconds_bucket{le="0.5"}'), 0);
});

Deno.test("restarts are counted by how the isolate ended and what the call was doing", async () => {
  const metrics = createMetrics({ ofProcess: false });
  metrics.callRestarted("hang", "speaking", 1800);
  metrics.callRestarted("hang", "speaking", 1900);
  assert.equal(
    await series(metrics, 'voxbot_call_restarts_total{reason="hang",phase="speaking"}'),
    2,
  );
  assert.equal(await series(metrics, 'voxbot_call_restart_wait_seconds_sum{reason="hang"}'), 3.7);
});

Deno.test("reconnections to ARI are counted, repeated reports of the same state are not", async () => {
  const metrics = createMetrics({ ofProcess: false });
  for (const up of [true, true, false, true]) metrics.ariConnected(up);
  assert.equal(await series(metrics, "voxbot_ari_connects_total"), 2);
  assert.equal(await series(metrics, "voxbot_ari_up"), 1);
});

Deno.test("lost packets and late frames of all calls can be read from /metrics", async () => {
  const metrics = createMetrics({ ofProcess: false });
  assert.equal(await series(metrics, "voxbot_rtp_packets_lost_total"), 0);
  metrics.lineCounted("rtp", { packetsLost: 3, framesLate: 1 });
  metrics.lineCounted("rtp", { packetsLost: 1 });
  metrics.lineCounted("audiosocket", { framesLate: 2 });
  assert.equal(await series(metrics, "voxbot_rtp_packets_lost_total"), 4);
  assert.equal(await series(metrics, 'voxbot_frames_late_total{transport="rtp"}'), 1);
  assert.equal(await series(metrics, 'voxbot_frames_late_total{transport="audiosocket"}'), 2);
});

Deno.test("free text never becomes a label, so numbers and ids cannot leak into /metrics", async () => {
  const metrics = createMetrics({ ofProcess: false });
  metrics.callEnded("hung up by 70001234567" as string as EndReason, 12);
  const failed = (task: "asr" | "tts", service: "yandex" | "openai", code: string) =>
    metrics.speechHappened({ kind: "error", task, service, code });
  failed("asr", "yandex", "1732084742");
  failed("tts", "openai", "HTTP 429");
  const page = await metrics.exposition();
  assert.doesNotMatch(page, /70001234567|1732084742/);
  assert.equal(await series(metrics, 'voxbot_calls_ended_total{reason="other"}'), 1);
  assert.match(page, /service="openai",code="HTTP_429"/);
});

Deno.test("a duration that is no number is ignored, and throws nothing into a call", async () => {
  const metrics = createMetrics({ ofProcess: false });
  metrics.bargeInConfirmed(NaN);
  metrics.turnTimed({ endpoint: Infinity, asr_final: -3 });
  assert.equal(await series(metrics, "voxbot_barge_in_seconds_count"), 0);
  assert.equal(await series(metrics, 'voxbot_stage_latency_seconds_sum{stage="asr_final"}'), 0);
});

Deno.test("whatever a model's server claims to have used, metrics neither throw nor are spoilt", async () => {
  const metrics = createMetrics({ ofProcess: false });
  const used = (promptTokens: unknown) =>
    metrics.modelUsed({
      kind: "usage",
      model: "m",
      promptTokens: promptTokens as number,
      completionTokens: 1,
    });
  const odd = [-1, "12", {}, null, NaN, Infinity, 10n, [7]];
  for (const count of odd) used(count);
  used(5);
  const tokens = (direction: string) =>
    series(metrics, `voxbot_model_tokens_total{model="m",direction="${direction}"}`);
  assert.equal(await tokens("prompt"), 5);
  assert.equal(await tokens("completion"), odd.length + 1);
  const skipped = 'voxbot_metric_values_skipped_total{metric="voxbot_model_tokens_total"}';
  assert.equal(await series(metrics, skipped), odd.length);
});

Deno.test("models that no setting names share one time series", async () => {
  const metrics = createMetrics({ ofProcess: false });
  for (let n = 0; n < 100; n++) {
    metrics.modelUsed({ kind: "usage", model: `m${n}`, promptTokens: 1, completionTokens: 0 });
  }
  const page = await metrics.exposition();
  assert.equal(page.match(/^voxbot_model_tokens_total\{.*direction="prompt"/gm)?.length, 21);
});

Deno.test("an error that nobody foresaw alerts through /metrics, and none is a series of zeros", async () => {
  const metrics = createMetrics({ ofProcess: false });
  const name = 'voxbot_unexpected_errors_total{where="rejection"}';
  const before = await series(metrics, name);
  using _log = new LogLines();
  unexpected("rejection", new Error("nobody awaited it"));
  assert.equal(await series(metrics, name), before + 1);
});

Deno.test("how a speech service performs can be read from /metrics, and whether it is left alone", async () => {
  const metrics = createMetrics({ ofProcess: false });
  const about = { task: "tts", service: "yandex" } as const;
  metrics.speechHappened({ kind: "request", ...about });
  metrics.speechHappened({ kind: "first_byte", ...about, ms: 120 });
  metrics.speechHappened({ kind: "cache", service: "yandex", hit: true });
  metrics.speechHappened({
    kind: "failover",
    task: "tts",
    from: "yandex",
    to: "local",
    code: "UNAVAILABLE",
    message: "wait",
    first: true,
  });
  metrics.speechHappened({ kind: "breaker", ...about, state: "open", untilMs: 1 });
  const labels = '{task="tts",service="yandex"}';
  assert.equal(await series(metrics, `voxbot_speech_requests_total${labels}`), 1);
  assert.equal(await series(metrics, `voxbot_speech_first_byte_seconds_sum${labels}`), 0.12);
  assert.equal(
    await series(metrics, 'voxbot_speech_cache_total{service="yandex",outcome="hit"}'),
    1,
  );
  assert.equal(
    await series(
      metrics,
      'voxbot_speech_failovers_total{task="tts",from="yandex",to="local",code="UNAVAILABLE"}',
    ),
    1,
  );
  assert.equal(await series(metrics, `voxbot_speech_breaker${labels}`), 1);
});

/** A summary whose values are all alike. */
function alike(value: number, count = 1): Summary {
  return { count, p50: value, p95: value, max: value };
}

const MEASURED: EngineStats = {
  calls: 3,
  vad: { waiting: 1, batchSize: alike(2), latency: { count: 9, p50: 4, p95: 12, max: 40 } },
  recognition: {
    recognizers: 1,
    busyMs: 1500,
    waiting: 2,
    longestWaitMs: 0,
    urgentLatency: alike(180),
    time: alike(0, 0),
    outcomes: { text: 5, superseded: 1, busy: 7 },
  },
  voice: undefined,
};

Deno.test("how long the speech engine keeps calls waiting can be read from /metrics", async () => {
  const metrics = createMetrics({ ofProcess: false });
  metrics.engineMeasured(MEASURED);
  metrics.engineMeasured({ ...MEASURED, calls: 4 });
  const engine = (name: string) => series(metrics, `voxbot_engine_${name}`);
  assert.equal(await engine("calls"), 4);
  assert.equal(await engine('waiting{work="recognition"}'), 2);
  assert.equal(await engine('vad_latency_seconds{quantile="0.5"}'), 0.004);
  assert.equal(await engine('vad_latency_seconds{quantile="0.95"}'), 0.012);
  assert.equal(await engine('vad_latency_seconds{quantile="1"}'), 0.04);
  assert.equal(await engine('vad_batch_windows{quantile="1"}'), 2);
  assert.equal(await engine('recognition_latency_seconds{quantile="0.5"}'), 0.18);
  assert.equal(await engine('recognitions_total{outcome="busy"}'), 7);
});

Deno.test("what the speech engine has not measured is not shown as zero seconds", async () => {
  const metrics = createMetrics({ ofProcess: false });
  metrics.engineMeasured(MEASURED);
  const page = await metrics.exposition();
  assert.doesNotMatch(page, /^voxbot_engine_(recognition_seconds|voice_\w+)\{/m);
});

Deno.test("an engine that is gone leaves no figures of its own behind", async () => {
  const metrics = createMetrics({ ofProcess: false });
  metrics.engineMeasured(MEASURED);
  metrics.engineMeasured(undefined);
  assert.equal(await series(metrics, "voxbot_engine_calls"), 0);
  assert.doesNotMatch(await metrics.exposition(), /^voxbot_engine_\w+\{/m);
});

Deno.test("what early starts saved and wasted can be read from /metrics", async () => {
  const metrics = createMetrics({ ofProcess: false });
  metrics.startedEarly({ begun: 3, hit: true, wonMs: 350, wastedCharacters: 40 });
  metrics.startedEarly({ begun: 1, hit: false, wonMs: 0, wastedCharacters: 7 });
  assert.equal(await series(metrics, 'voxbot_early_starts_total{outcome="hit"}'), 1);
  assert.equal(await series(metrics, 'voxbot_early_starts_total{outcome="miss"}'), 3);
  assert.equal(await series(metrics, "voxbot_early_start_won_seconds_sum"), 0.35);
  assert.equal(await series(metrics, "voxbot_early_start_wasted_characters_total"), 47);
});

Deno.test("the process's own memory and CPU are shown beside ours", async () => {
  const page = await createMetrics().exposition();
  assert.match(page, /^process_resident_memory_bytes \d+/m);
});

Deno.test("the metrics that count nothing take the same calls as those that count", () => {
  const counted = Object.keys(createMetrics({ ofProcess: false }))
    .filter((name) => name !== "contentType" && name !== "exposition");
  assert.deepEqual(Object.keys(noMetrics).sort(), counted.sort());
  noMetrics.callStarted();
});
