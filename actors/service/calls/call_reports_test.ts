import assert from "node:assert/strict";
import type { CallCounter, ToSession } from "../../messages.ts";
import { onReport, type ReportedCall } from "./call_reports.ts";
import { ServiceRig } from "./call_rig.ts";

/** What a report made the call do. */
function doneFor(message: ToSession, service: ServiceRig): unknown[] {
  const done: unknown[] = [];
  const call: ReportedCall = {
    assigned: () => done.push("assigned"),
    note: (event, at) => done.push(event, at),
    callerSpeaking: (speaking) => done.push(speaking),
    progress: () => done.push("progress"),
    said: () => done.push("said"),
    toolCall: (id) => done.push(id),
    modelUsed: (usage) => done.push(usage),
  };
  onReport(message, call, service.metrics);
  return done;
}

Deno.test("every report about the call reaches the call", () => {
  using service = new ServiceRig();
  const event = { kind: "nudged" } as const;
  const usage = { kind: "usage", model: "m", promptTokens: 1, completionTokens: 2 } as const;
  const reports: [ToSession, unknown[]][] = [
    [{ kind: "assigned" }, ["assigned"]],
    [{ kind: "event", event, at: 7 }, [event, 7]],
    [{ kind: "caller_speaking", speaking: true }, [true]],
    [{ kind: "progress" }, ["progress"]],
    [{ kind: "said" }, ["said"]],
    [{ kind: "tool_call", id: "t1" }, ["t1"]],
    [{ kind: "assistant", event: usage }, [usage]],
  ];
  for (const [message, done] of reports) assert.deepEqual(doneFor(message, service), done);
  assert.deepEqual(service.counted, []);
});

Deno.test("every counter of an isolate is counted for the operator", () => {
  const counters: Record<CallCounter, unknown[]> = {
    barge_in_resumed: ["bargeInResumed"],
    vad_degraded: ["vadDegraded"],
    vad_restored: ["vadRestored"],
    asr_failed: ["unserved", "asr"],
    tts_failed: ["unserved", "tts"],
    agent_failed: ["unserved", "agent"],
    filler_spoken: ["fillerSpoken"],
    turn_begun_anew: ["turnBegunAnew"],
    recording_failed: ["recordingFailed"],
  };
  for (const [what, counted] of Object.entries(counters) as [CallCounter, unknown[]][]) {
    using service = new ServiceRig();
    assert.deepEqual(doneFor({ kind: "count", what }, service), []);
    assert.deepEqual(service.counted, [counted]);
  }
});

Deno.test("what an answer won, and what it had to do without, is counted for the operator", () => {
  using service = new ServiceRig();
  const outcome = { begun: 1, hit: true, wonMs: 9, wastedCharacters: 0 };
  const degraded = { kind: "degraded", part: "retrieval", to: "lexical", reason: "down" } as const;
  doneFor({ kind: "early_start", outcome }, service);
  doneFor({ kind: "assistant", event: degraded }, service);
  assert.deepEqual(service.counted, [
    ["startedEarly", outcome],
    ["assistantDegraded", degraded],
  ]);
});
