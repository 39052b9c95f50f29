import assert from "node:assert/strict";
import { heardBy, type Level, timesOfCounts, waitingIn } from "./measure.ts";
import type { CallResult } from "./callers/messages.ts";
import { broken, ranOut } from "./promises.ts";
import { details, grouped, head, tableRow } from "./table.ts";

const PROMISES = { voiceToVoiceMs: 900, frameGapMs: 40 };

const call = (changes: Partial<CallResult> = {}): CallResult => ({
  invitedAt: 100,
  answeredAt: 110,
  greetedAt: 250,
  turns: [{ endedAt: 5000, steady: true, voiceToVoiceMs: 600 }],
  bargeInMs: [150],
  speechMs: 3500,
  upMs: 10_000,
  ...changes,
});

function level(calls: readonly CallResult[], changes: Partial<Level> = {}): Level {
  const frames = {
    gaps: [[20, 990], [25, 10]] as const,
    nothingToSend: 0,
    late: 0,
    lost: 0,
    unsent: 0,
    lateMs: 1,
  };
  const seen = { turns: 1, understood: 1, restarts: 0, stages: {} };
  return { heard: heardBy(calls, frames), seen, complaints: [], ...changes };
}

Deno.test("a level whose calls are all answered in time breaks nothing", () => {
  assert.deepEqual(broken(level([call(), call()]), PROMISES), []);
});

Deno.test("a refused call, a question without an answer, late answers and warnings break a level", () => {
  const refused = call({ greetedAt: undefined, toldAt: 400, endedEarly: "486 Busy", turns: [] });
  const unanswered = call({ turns: [{ endedAt: 5000, steady: true }] });
  const late = call({ turns: [{ endedAt: 5000, steady: true, voiceToVoiceMs: 1000 }] });
  const bad = level([refused, unanswered, late], { complaints: ["a", "b"] });
  assert.deepEqual(broken(bad, PROMISES), [
    "2 of 3 calls not answered whole",
    "1 questions unanswered",
    "voice to voice p95 1000 ms, over 900",
    "2 warnings in the service's log",
  ]);
  assert.equal(bad.heard.told.p50, 300);
  assert.deepEqual(bad.heard.ends, { "486 Busy": 1 });
});

Deno.test("questions asked before the level was full do not count, nor those the bot spoke into", () => {
  const early = { endedAt: 1000, steady: false, voiceToVoiceMs: 5000 };
  const overlapped = { endedAt: 9000, steady: true, overlapped: true } as const;
  const { heard } = level([call({ turns: [early, overlapped, ...call().turns] })]);
  assert.equal(heard.voiceToVoice.n, 1);
  assert.equal(heard.voiceToVoice.max, 600);
  assert.equal(heard.unanswered, 0);
});

Deno.test("no answer at all breaks the promise of fast answers", () => {
  assert.match(broken(level([call({ turns: [] })]), PROMISES).join(), /p95 NaN ms/);
});

Deno.test("counted gaps have the percentiles of the single ones", () => {
  const gaps = timesOfCounts([[19, 50], [20, 48], [60, 1], [90, 1]]);
  assert.deepEqual(gaps, { n: 100, p50: 19, p95: 20, p99: 60, max: 90 });
  assert.ok(Number.isNaN(timesOfCounts([]).p99));
});

Deno.test("what ran out is named: a thread, the machine, the service's thread, the engine's queue", () => {
  const waiting = waitingIn(
    "# HELP x\nnodejs_eventloop_lag_p99_seconds 0.08\nvoxbot_calls_active 3\n" +
      'voxbot_engine_waiting{work="recognition"} 7\nvoxbot_engine_waiting{work="vad"} 0\n',
  );
  const used = {
    service: 1.5,
    threads: [
      { name: "engine 1", threads: 1, cores: 0.97, most: 0.97 },
      { name: "calls", threads: 40, cores: 0.5, most: 0.02 },
    ],
    pbx: 0.2,
    callers: 0.1,
    idle: 0.04,
    memoryMb: 600,
    ownMemoryMb: 550,
    waiting,
  };
  assert.deepEqual(ranOut(level([call()], { used })), [
    "engine 1: a thread at 97 % of a core",
    "the machine's CPU: 4 % idle",
    "the service thread's time: event loop lag p99 80 ms",
    "the engine: 7 requests waiting for recognition",
  ]);
  const printed = [
    head(),
    tableRow(level([call()], { used })),
    ...details(level([call()], { used })),
  ];
  assert.match(printed.join("\n"), /engine 1 0.97, calls ×40 0.50 \(one 0.02\)/);
  const [, , row] = printed.join("\n").split("\n");
  assert.match(row!, /^\| +1 \| +1 \| +600 \/ 600 ms \| +150 \/ 150 ms \| +20 ms \| +1.50 \|/);
});

Deno.test("equal warnings are printed once, with their number", () => {
  assert.deepEqual(
    grouped([
      "2026-01-01T00:00:00.000Z WARNING call: late by 5 ms call=ab12",
      "2026-01-01T00:00:01.000Z WARNING call: late by 7 ms call=cd34",
      "2026-01-01T00:00:01.000Z ERROR   engine: gone",
    ]),
    ["2 × WARNING call: late by N ms", "1 × ERROR   engine: gone"],
  );
});
