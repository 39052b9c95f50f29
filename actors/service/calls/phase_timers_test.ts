import assert from "node:assert/strict";
import { mock } from "node:test";
import { settingsWith } from "../../../config/read_settings.ts";
import { PhaseTimers } from "./phase_timers.ts";
import { describePolicies, policiesOf } from "../policies.ts";

const SETTINGS = settingsWith({
  SILENCE_NUDGE_SECONDS: 8,
  CALL_INACTIVITY_TIMEOUT: 30,
  AI_PROCESSING_TIMEOUT: 20,
  MAX_CALL_SECONDS: 3600,
});

/** Runs a script against timers whose clock the script moves. */
function withTimers(
  script: (timers: PhaseTimers, wait: (seconds: number) => void, passed: string[]) => void,
): void {
  mock.timers.enable({ apis: ["setTimeout"] });
  let now = 0;
  const passed: string[] = [];
  const timers = new PhaseTimers(
    policiesOf(SETTINGS),
    (phase, action) => passed.push(`${phase} ${action}`),
    { now: () => now },
  );
  const wait = (seconds: number) => {
    for (let i = 0; i < seconds * 10; i++) {
      now += 100;
      mock.timers.tick(100);
    }
  };
  try {
    script(timers, wait, passed);
  } finally {
    timers[Symbol.dispose]();
    mock.timers.reset();
  }
}

Deno.test("a silent caller is asked once whether they are there, and later the call ends", () =>
  withTimers((timers, wait, passed) => {
    timers.enter("greeting");
    timers.enter("listening");
    wait(7.9);
    assert.deepEqual(passed, []);
    wait(0.2);
    assert.deepEqual(passed, ["listening nudge"]);
    timers.nudged();
    timers.enter("speaking");
    wait(2);
    timers.enter("listening");
    wait(15);
    assert.deepEqual(passed, ["listening nudge"]);
    wait(5);
    assert.deepEqual(passed, ["listening nudge", "listening hangup"]);
  }));

Deno.test("a caller who is speaking is not asked whether they are there, but may be after their turn", () =>
  withTimers((timers, wait, passed) => {
    timers.enter("listening");
    wait(7);
    timers.callerSpeaking(true);
    wait(20);
    timers.callerSpeaking(false);
    wait(7);
    assert.deepEqual(passed, []);
    wait(1.1);
    assert.deepEqual(passed, ["listening nudge"]);
  }));

Deno.test("time during which the bot speaks does not count as the caller's silence", () =>
  withTimers((timers, wait, passed) => {
    timers.enter("thinking");
    timers.enter("speaking");
    wait(10);
    timers.progress();
    timers.enter("listening");
    wait(7.9);
    assert.deepEqual(passed, []);
  }));

Deno.test("a slow answer is apologised for, and an isolate that does not even apologise is replaced", () =>
  withTimers((timers, wait, passed) => {
    timers.enter("thinking");
    wait(20.1);
    assert.deepEqual(passed, ["thinking apologise"]);
    wait(5);
    assert.deepEqual(passed, ["thinking apologise", "thinking restart"]);
  }));

Deno.test("a long answer may continue as long as its phrases are heard, but stopped playout may not", () =>
  withTimers((timers, wait, passed) => {
    timers.enter("speaking");
    for (let i = 0; i < 5; i++) {
      wait(25);
      timers.progress();
    }
    assert.deepEqual(passed, []);
    wait(30.1);
    assert.deepEqual(passed, ["speaking restart"]);
  }));

Deno.test("a call has its limit, whatever happens in it", () =>
  withTimers((timers, wait, passed) => {
    for (let minute = 0; minute < 60; minute++) {
      assert.deepEqual(passed, []);
      timers.enter("thinking");
      wait(15);
      timers.enter("listening");
      timers.callerSpeaking(true);
      wait(45);
      timers.callerSpeaking(false);
    }
    wait(1);
    assert.deepEqual(passed, ["listening hangup"]);
  }));

Deno.test("the operator can read every deadline", () => {
  const text = describePolicies(policiesOf(SETTINGS));
  for (const phase of ["answering", "greeting", "listening", "thinking", "speaking", "handover"]) {
    assert.match(text, new RegExp(`^${phase}`, "m"));
  }
  assert.match(text, /listening +8 s after the last sound of the caller +nudge/);
});
