import assert from "node:assert/strict";
import { Playhead } from "./playhead.ts";

/** A playhead on a clock that the test moves. */
function given(frames: number) {
  const clock = { now: 0 };
  const playhead = new Playhead(() => clock.now);
  for (let i = 0; i < frames; i++) playhead.give();
  return { clock, playhead };
}

Deno.test("what remains to be heard shrinks as time passes, and never below zero", () => {
  const { clock, playhead } = given(10);
  assert.equal(playhead.remainingMs, 200);
  clock.now = 150;
  assert.equal(playhead.remainingMs, 50);
  clock.now = 900;
  assert.equal(playhead.remainingMs, 0);
  playhead.give();
  assert.equal(playhead.remainingMs, 20);
});

Deno.test("nothing is heard during a pause, and the rest is heard after it", () => {
  const { clock, playhead } = given(10);
  clock.now = 40;
  playhead.pause();
  clock.now = 5000;
  assert.equal(playhead.remainingMs, 160);
  playhead.give();
  assert.equal(playhead.remainingMs, 180);
  playhead.resume();
  clock.now = 5100;
  assert.equal(playhead.remainingMs, 80);
});

Deno.test("a mark corrects an estimate that ran ahead of the PBX or behind it", () => {
  const { clock, playhead } = given(10);
  const { position } = playhead;
  for (let i = 0; i < 5; i++) playhead.give();
  clock.now = 260;
  playhead.played(position);
  assert.equal(playhead.remainingMs, 100);
  clock.now = 270;
  playhead.played(position);
  assert.equal(playhead.remainingMs, 100);
});
