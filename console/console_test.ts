import assert from "node:assert/strict";

import {
  applyEvent,
  type CallEvent,
  type CallRecord,
  newCallRecord,
} from "../actors/call_record.ts";
import type { FaultKind } from "../actors/otp/control.ts";
import { inListOrder } from "../actors/service/journal/listed_calls.ts";
import { LOCAL_ACCESS } from "./access.ts";
import { createConsole } from "./console.ts";
import { createMetrics } from "./metrics/mod.ts";
import type { CallDirectory } from "./ports.ts";

const MORNING = Date.UTC(2026, 10, 20, 6, 0, 0);

function call(id: string, startedAt: number, events: readonly CallEvent[] = []): CallRecord {
  const record = newCallRecord({ id, channelId: `pbx-${id}`, caller: "*********67", startedAt });
  for (const event of events) applyEvent(record, event, startedAt + 1000);
  return record;
}

/** A directory of `records`, given newest first. */
function directory(records: readonly CallRecord[], recordings: Record<string, string> = {}) {
  const faults: string[] = [];
  const calls: CallDirectory = {
    page: (after, limit) =>
      records.map((record) => ({ ...record, restarts: record.restarts.length }))
        .filter((record) => !after || inListOrder(after, record) < 0).slice(0, limit),
    get: (id) => records.find((record) => record.id === id),
    recordingPath: (id) => recordings[id],
    injectFault(id: string, kind: FaultKind) {
      faults.push(`${id} ${kind}`);
      const live = records.some((record) => record.id === id && record.endedAt === undefined);
      return Promise.resolve(live ? MORNING : undefined);
    },
    injectEngineFault(kind: FaultKind) {
      faults.push(`engine ${kind}`);
      return Promise.resolve(MORNING);
    },
  };
  return { calls, faults };
}

function consoleOver(
  calls: CallDirectory,
  { ready = true, faultInjection = false } = {},
) {
  return createConsole({
    calls,
    health: {
      ready: () => ready ? { ready, reason: "ARI connected" } : { ready, reason: "ARI is down" },
    },
    metrics: createMetrics({ ofProcess: false }),
    faultInjection,
    access: LOCAL_ACCESS,
  });
}

const json = (body: unknown) => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

Deno.test("the service is alive even while it is not ready, and says why it is not", async () => {
  const app = consoleOver(directory([]).calls, { ready: false });
  assert.equal((await app.request("/live")).status, 200);
  const ready = await app.request("/ready");
  assert.equal(ready.status, 503);
  assert.deepEqual(await ready.json(), { ready: false, reason: "ARI is down" });
  const later = await consoleOver(directory([]).calls).request("/ready");
  assert.equal(later.status, 200);
  assert.deepEqual(await later.json(), { ready: true, reason: "ARI connected" });
});

Deno.test("Prometheus can scrape /metrics", async () => {
  const response = await consoleOver(directory([]).calls).request("/metrics");
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  assert.match(await response.text(), /^# TYPE voxbot_calls_live gauge$/m);
});

Deno.test("/api/calls lists live and ended calls in exactly the promised shape", async () => {
  const ended = call("b", MORNING, [
    { kind: "restarted", reason: "crash", phase: "speaking", waitedMs: 210 },
    { kind: "ended", reason: "hangup" },
  ]);
  const live = call("c", MORNING + 60_000, [{ kind: "phase", phase: "listening" }]);
  const response = await consoleOver(directory([live, ended]).calls).request("/api/calls");
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), {
    calls: [
      {
        id: "c",
        caller: "*********67",
        phase: "listening",
        startedAt: "2026-11-20T06:01:00.000Z",
        restarts: 0,
      },
      {
        id: "b",
        caller: "*********67",
        phase: "answering",
        startedAt: "2026-11-20T06:00:00.000Z",
        endedAt: "2026-11-20T06:00:01.000Z",
        restarts: 1,
      },
    ],
  });
});

Deno.test("a long list of calls can be read page by page, each from where the last one ended", async () => {
  const app = consoleOver(
    directory(["e", "d", "c", "b", "a"].map((id) => call(id, MORNING))).calls,
  );
  const pages: string[] = [];
  for (let next: string | undefined = ""; next !== undefined;) {
    const query: string = next === "" ? "limit=2" : `limit=2&before=${next}`;
    const body = await (await app.request(`/api/calls?${query}`)).json();
    pages.push(body.calls.map((call: { id: string }) => call.id).join(""));
    next = body.next;
  }
  assert.deepEqual(pages, ["ed", "cb", "a"]);
  for (
    const query of [
      "limit=x",
      "limit=-1",
      "limit=1001",
      "limit=",
      "before=",
      "before=x-y",
      "page=2",
    ]
  ) {
    const response = await app.request(`/api/calls?${query}`);
    assert.equal(response.status, 400, query);
    assert.match((await response.json()).error, /limit must be 1 to 1000, before the "next"/);
  }
});

Deno.test("a call's page has what was said, how much of it was heard, and how long it took", async () => {
  const record = call("c", MORNING, [
    { kind: "bot_phrase", turn: 0, phrase: 0, text: "Hello." },
    { kind: "phrase_heard", turn: 0, phrase: 0 },
    { kind: "caller_turn", turn: 1, text: "What does it cost?" },
    { kind: "sources", turn: 1, kb: ["general"], headings: ["Prices"] },
    { kind: "bot_phrase", turn: 1, phrase: 0, text: "We prepare a quote." },
    { kind: "bot_phrase", turn: 1, phrase: 1, text: "Where shall we send it?" },
    { kind: "timings", turn: 1, stages: { endpoint: 410, audio_queued: 560 } },
    { kind: "phrase_heard", turn: 1, phrase: 0 },
    { kind: "barge_in", turn: 1, phrase: 1, heardText: "Where shall", onsetToSilenceMs: 140 },
    { kind: "restarted", reason: "out_of_memory", phase: "listening", waitedMs: 180 },
    { kind: "ended", reason: "hangup" },
  ]);
  const { calls } = directory([record], { c: "/data/recordings/c.wav" });
  const details = await (await consoleOver(calls).request("/api/calls/c")).json();
  assert.equal(details.endReason, "hangup");
  assert.equal(details.recording, "/api/calls/c/recording");
  assert.deepEqual(details.restarts, [{
    at: "2026-11-20T06:00:01.000Z",
    reason: "out_of_memory",
    phase: "listening",
    waitedMs: 180,
  }]);
  assert.equal(details.turns[0].bot, "Hello.");
  assert.deepEqual(details.turns[1], {
    turn: 1,
    at: "2026-11-20T06:00:01.000Z",
    caller: "What does it cost?",
    bot: "We prepare a quote. Where shall",
    phrases: [
      { text: "We prepare a quote.", heard: true },
      { text: "Where shall we send it?", heard: false, heardText: "Where shall" },
    ],
    interrupted: true,
    kb: ["general"],
    sources: ["Prices"],
    stages: { endpoint: 410, audio_queued: 560 },
    voiceToVoiceMs: 560,
    bargeIn: { onsetToSilenceMs: 140 },
  });
});

Deno.test("a call's page has what the assistant did, and how to reach the caller", async () => {
  const contact = { name: "Ann", email: "ann@example.com" };
  const record = call("c", MORNING, [
    {
      kind: "caller_turn",
      turn: 1,
      text: "My name is Ann, ann@example.com.",
      raw: "uh my name is ann ann at example dot com",
    },
    {
      kind: "tool_begun",
      turn: 1,
      id: "a",
      call: { name: "take_contact", contact },
      after: 0,
    },
    { kind: "tool_done", id: "a", result: "done" },
    {
      kind: "tool_begun",
      turn: 1,
      id: "b",
      call: { name: "transfer_to", key: "sales", extension: "201" },
      after: 1,
    },
  ]);
  const { calls } = directory([record]);
  const details = await (await consoleOver(calls).request("/api/calls/c")).json();
  assert.equal(details.turns[0].raw, "uh my name is ann ann at example dot com");
  assert.deepEqual(details.tools, [
    { turn: 1, tool: "take_contact", result: "done" },
    { turn: 1, tool: "transfer_to", target: "sales", result: "pending" },
  ]);
  assert.deepEqual(details.contacts, [contact]);
  const list = await (await consoleOver(calls).request("/api/calls")).text();
  assert.doesNotMatch(list, /ann/i);
});

Deno.test("an unknown call or path is a JSON error, not a page of HTML", async () => {
  const app = consoleOver(directory([]).calls);
  for (const path of ["/api/calls/nobody", "/api/calls/nobody/recording", "/api/call", "/%2e%2e"]) {
    const response = await app.request(path);
    assert.equal(response.status, 404, path);
    assert.equal(typeof (await response.json()).error, "string", path);
  }
});

Deno.test("without FAULT_INJECTION nobody can break a call, or see that it is possible", async () => {
  const { calls, faults } = directory([call("c", MORNING)]);
  const app = consoleOver(calls);
  assert.equal((await app.request("/api/calls/c/fault", json({ kind: "throw" }))).status, 404);
  assert.equal((await app.request("/api/engine/fault", json({ kind: "throw" }))).status, 404);
  assert.deepEqual(faults, []);
});

Deno.test("with FAULT_INJECTION a call and the engine can be broken in four ways", async () => {
  const { calls, faults } = directory([
    call("c", MORNING),
    call("b", MORNING, [{ kind: "ended", reason: "hangup" }]),
  ]);
  const app = consoleOver(calls, { faultInjection: true });
  for (const kind of ["throw", "hang", "oom", "exit"]) {
    const response = await app.request("/api/calls/c/fault", json({ kind }));
    assert.equal(response.status, 202, kind);
    assert.deepEqual(await response.json(), {
      injected: kind,
      struckAt: new Date(MORNING).toISOString(),
    });
  }
  assert.equal((await app.request("/api/engine/fault", json({ kind: "exit" }))).status, 202);
  assert.deepEqual(faults, ["c throw", "c hang", "c oom", "c exit", "engine exit"]);

  assert.equal((await app.request("/api/calls/b/fault", json({ kind: "exit" }))).status, 409);
  assert.equal((await app.request("/api/calls/x/fault", json({ kind: "exit" }))).status, 404);
  for (const body of ["", "{", "null", "[]", '"throw"', '{"kind":"nuke"}', '{"kind":null}']) {
    const response = await app.request("/api/calls/c/fault", { ...json({}), body });
    assert.equal(response.status, 400, body);
    assert.match((await response.json()).error, /throw, hang, oom, exit/);
  }
});

Deno.test("a failure behind the console is a JSON 500 without details", async () => {
  const { calls } = directory([]);
  const app = consoleOver({
    ...calls,
    page() {
      throw new Error("journal of +7 000 123-45-67 is damaged");
    },
  });
  const response = await app.request("/api/calls");
  assert.equal(response.status, 500);
  assert.doesNotMatch(await response.text(), /123-?45|journal/);
});
