import assert from "node:assert/strict";
import { type BargeInOptions, judge, mayBeEcho } from "./barge_in.ts";

const BARGE_IN: BargeInOptions = {
  guardMs: 300,
  confirmMs: 600,
  isBackchannel: (text) => /^uh-huh/i.test(text),
};

Deno.test("speech just after the bot's voice began may be its echo", () => {
  assert.equal(mayBeEcho(299, BARGE_IN), true);
  assert.equal(mayBeEcho(300, BARGE_IN), false);
});

Deno.test("long speech is an interruption before any word of it is recognised", () => {
  assert.equal(judge({ speechMs: 599, paused: false, text: undefined }, BARGE_IN), "undecided");
  assert.equal(judge({ speechMs: 600, paused: false, text: undefined }, BARGE_IN), "interruption");
});

Deno.test("a short word with a meaning is an interruption", () => {
  assert.equal(judge({ speechMs: 250, paused: true, text: "Stop." }, BARGE_IN), "interruption");
});

Deno.test("a backchannel lets the bot continue, once it is clear that no more follows", () => {
  assert.equal(judge({ speechMs: 250, paused: false, text: "Uh-huh." }, BARGE_IN), "undecided");
  assert.equal(judge({ speechMs: 250, paused: true, text: "Uh-huh." }, BARGE_IN), "backchannel");
});

Deno.test("a noise without words lets the bot continue", () => {
  assert.equal(judge({ speechMs: 90, paused: true, text: " ... " }, BARGE_IN), "noise");
});
