import assert from "node:assert/strict";
import type { FromCall } from "../../../messages.ts";
import { isFromCall } from "./from_call.ts";
import { isFromEngine } from "./from_engine.ts";

/** One of each kind, with what is optional absent or undefined. */
const GOOD: readonly FromCall[] = [
  { kind: "warm" },
  { kind: "token", seq: 0, question: { what: "refused", token: "t" } },
  { kind: "speech", event: { kind: "first_byte", task: "tts", service: "yandex-rest", ms: 12.5 } },
  { kind: "line_stats", transport: "rtp", stats: { packetsLost: 3, framesLate: undefined } },
  { kind: "media_offer", offer: { kind: "rtp", host: "::1", port: 5004, format: "alaw" } },
  { kind: "files", seq: 1, request: { what: "pause", playbackId: "p" } },
  { kind: "media_open" },
  { kind: "assigned" },
  { kind: "event", event: { kind: "caller_turn", turn: 1, text: "Hi", raw: undefined }, at: 1 },
  { kind: "event", event: { kind: "timings", turn: 1, stages: { endpoint: -3.5 } }, at: 1 },
  {
    kind: "event",
    event: {
      kind: "tool_begun",
      turn: 1,
      id: "1",
      call: { name: "take_contact", contact: { email: "a@example.org" } },
      after: 2,
    },
    at: 1,
  },
  { kind: "caller_speaking", speaking: false },
  { kind: "progress" },
  { kind: "said" },
  { kind: "tool_call", id: "1" },
  {
    kind: "assistant",
    event: { kind: "usage", model: "m", promptTokens: 1, completionTokens: 0 },
  },
  { kind: "early_start", outcome: { begun: 1, hit: true, wonMs: 9.5, wastedCharacters: 0 } },
  { kind: "count", what: "filler_spoken" },
];

Deno.test("every kind of message that a call sends passes the border", () => {
  for (const message of GOOD) assert.ok(isFromCall(message), JSON.stringify(message));
});

Deno.test("a message with any one field missing, alien, oversized or of another type does not pass", () => {
  let tried = 0;
  for (const message of GOOD) {
    for (const spoilt of spoil(message)) {
      tried++;
      assert.equal(isFromCall(spoilt), false, JSON.stringify(spoilt)?.slice(0, 200));
    }
  }
  assert.ok(tried > 200, `${tried} tried`);
});

Deno.test("what a model's server says of its usage passes as an amount or not at all", () => {
  for (const promptTokens of [-1, "12", {}, Infinity, NaN, 0.5, null, 1e300]) {
    const event = { kind: "usage", model: "m", promptTokens, completionTokens: 1 };
    assert.equal(isFromCall({ kind: "assistant", event }), false);
  }
});

Deno.test("an isolate cannot end its call in the journal, or claim that a tool has run", () => {
  for (
    const event of [{ kind: "ended", reason: "hangup" }, {
      kind: "tool_done",
      id: "1",
      result: "done",
    }, { kind: "restarted", reason: "hang", phase: "listening", waitedMs: 1 }]
  ) assert.equal(isFromCall({ kind: "event", event, at: 1 }), false);
});

Deno.test("names that every object has are no kinds", () => {
  for (const kind of ["constructor", "__proto__", "toString", "hasOwnProperty"]) {
    assert.equal(isFromCall({ kind }), false);
    assert.equal(isFromCall({ kind: "count", what: kind }), false);
  }
});

Deno.test("figures of the speech engine that are no figures do not pass", () => {
  const summary = { count: 1, p50: 1, p95: 1, max: 1 };
  const stats = {
    calls: 1,
    vad: { waiting: 0, batchSize: summary, latency: summary },
    recognition: {
      recognizers: 1,
      busyMs: 0,
      waiting: 0,
      longestWaitMs: 0,
      urgentLatency: summary,
      time: summary,
      outcomes: { text: 0, superseded: 0, busy: 0 },
    },
    voice: undefined,
  };
  assert.ok(isFromEngine({ kind: "stats", stats }));
  for (const calls of ["1", NaN, undefined, {}]) {
    assert.equal(isFromEngine({ kind: "stats", stats: { ...stats, calls } }), false);
  }
  assert.equal(isFromEngine({ kind: "stats", stats: { ...stats, vad: undefined } }), false);
});

const OPTIONAL = new Set(["raw", "packetsLost", "framesLate", "email", "endpoint"]);

/** The message with one thing wrong with it, for each thing that can be. */
function* spoil(good: object): Generator<unknown> {
  yield { ...good, alien: 1 };
  for (const [name, value] of Object.entries(good)) {
    if (!OPTIONAL.has(name)) {
      const { [name]: _, ...rest } = good as Record<string, unknown>;
      yield rest;
    }
    const wrong: unknown[] = [null, [], () => 1, Symbol.iterator, "x".repeat(200_001)];
    if (typeof value === "number") wrong.push(NaN, Infinity, String(value));
    for (const other of wrong) yield { ...good, [name]: other };
    if (typeof value === "object" && value !== null) {
      for (const inner of spoil(value)) yield { ...good, [name]: inner };
    }
  }
}
