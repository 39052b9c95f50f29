import assert from "node:assert/strict";
import { LogLines } from "../../../testing/log_lines.ts";
import { type CallEvent, newCallRecord, type Phase } from "../../call_record.ts";
import { CallState, NEXT } from "./call_state.ts";

const fresh = () => newCallRecord({ id: "c1", channelId: "ch", caller: "", startedAt: 0 });

/** A state whose events and error lines are kept. */
function watched(record = fresh()) {
  const events: CallEvent[] = [];
  const log = new LogLines("error");
  const state = new CallState(record, (event) => events.push(event));
  return { state, events, log, [Symbol.dispose]: () => log[Symbol.dispose]() };
}

/** A record whose isolate died in `phase`. */
function diedIn(phase: Phase) {
  const record = fresh();
  record.turns = [{
    turn: 0,
    at: 0,
    phrases: [],
    answerComplete: true,
    interrupted: false,
    stages: {},
  }];
  record.phase = phase;
  return record;
}

Deno.test("a call goes from phase to phase without a word in the log", () => {
  using call = watched();
  const way: Phase[] = ["greeting", "listening", "thinking", "speaking", "listening", "handover"];
  for (const phase of way) call.state.enter(phase);
  assert.deepEqual(call.events, way.map((phase) => ({ kind: "phase", phase })));
  assert.deepEqual(call.log.errors, []);
});

Deno.test("an illegal transition is logged with its call, and made all the same: no caller is hurt", () => {
  using call = watched();
  call.state.enter("greeting");
  call.state.enter("thinking");
  assert.equal(call.state.phase, "thinking");
  assert.deepEqual(call.events.at(-1), { kind: "phase", phase: "thinking" });
  assert.equal(call.log.errors.length, 1);
  assert.match(call.log.errors[0]!, /call=c1 from=greeting to=thinking/);
});

Deno.test("entering the phase that a call is in changes nothing", () => {
  using call = watched();
  call.state.enter("greeting");
  call.state.enter("greeting");
  assert.equal(call.events.length, 1);
  assert.deepEqual(call.log.errors, []);
});

Deno.test("a resumed call enters whatever phase its isolate died before, and then keeps to the table", () => {
  using call = watched(diedIn("speaking"));
  call.state.enter("thinking");
  assert.deepEqual(call.log.errors, []);
  call.state.enter("greeting");
  assert.equal(call.log.errors.length, 1);
});

Deno.test("from every phase a call can get to the caller's turn and to its end", () => {
  const reachable = (from: Phase, seen = new Set<Phase>()): Set<Phase> => {
    for (const phase of NEXT[from]) if (!seen.has(phase)) reachable(phase, seen.add(phase));
    return seen;
  };
  for (const phase of Object.keys(NEXT) as Phase[]) {
    assert.ok(reachable(phase).has("listening"), phase);
    assert.ok(phase === "handover" || reachable(phase).has("handover"), phase);
  }
});
