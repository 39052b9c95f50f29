import assert from "node:assert/strict";
import { type EndpointingOptions, turnIsOver } from "./endpointing.ts";

const ENDPOINTING: EndpointingOptions = {
  silenceMs: 400,
  maxSilenceMs: 2000,
  maxUtteranceMs: 60_000,
  looksUnfinished: (text) => text.endsWith("and"),
  isShortAnswer: (text) => text === "Yes.",
};

Deno.test("a finished sentence is answered after the short silence", () => {
  const utterance = { lengthMs: 2000, text: "What is the price?" };
  assert.equal(turnIsOver({ ...utterance, silenceMs: 399 }, ENDPOINTING), false);
  assert.equal(turnIsOver({ ...utterance, silenceMs: 400 }, ENDPOINTING), true);
});

Deno.test("a yes is over soon, however patient the settings are", () => {
  const patient = { ...ENDPOINTING, silenceMs: 2000 };
  assert.equal(turnIsOver({ lengthMs: 500, text: "Yes.", silenceMs: 399 }, patient), false);
  assert.equal(turnIsOver({ lengthMs: 500, text: "Yes.", silenceMs: 400 }, patient), true);
  assert.equal(turnIsOver({ lengthMs: 500, text: "I see.", silenceMs: 1999 }, patient), false);
});

Deno.test("a caller who stops in mid-sentence is not cut off", () => {
  const utterance = { lengthMs: 2000, text: "I want a machine and" };
  assert.equal(turnIsOver({ ...utterance, silenceMs: 1999 }, ENDPOINTING), false);
  assert.equal(turnIsOver({ ...utterance, silenceMs: 2000 }, ENDPOINTING), true);
});

Deno.test("after a comma the caller gets a little more time, not all of it", () => {
  const utterance = { lengthMs: 2000, text: "Who installs the machine," };
  assert.equal(turnIsOver({ ...utterance, silenceMs: 799 }, ENDPOINTING), false);
  assert.equal(turnIsOver({ ...utterance, silenceMs: 800 }, ENDPOINTING), true);
});

Deno.test("a turn with no text yet is never taken for finished", () => {
  for (const text of [undefined, "", "  "]) {
    assert.equal(turnIsOver({ lengthMs: 900, text, silenceMs: 1999 }, ENDPOINTING), false);
  }
});

Deno.test("an endless turn ends at its first pause after the limit, or a quarter later without one", () => {
  const text = "and";
  assert.equal(turnIsOver({ lengthMs: 60_000, silenceMs: 0, text }, ENDPOINTING), false);
  assert.equal(turnIsOver({ lengthMs: 60_000, silenceMs: 32, text }, ENDPOINTING), true);
  assert.equal(turnIsOver({ lengthMs: 75_000, silenceMs: 0, text }, ENDPOINTING), true);
});
