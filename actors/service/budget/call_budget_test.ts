import assert from "node:assert/strict";
import type { Settings } from "../../../config/settings.ts";
import { LogLines } from "../../../testing/log_lines.ts";
import { CALLER, CallRig, type FakeIsolate, soon } from "../calls/call_rig.ts";

const LAST_WORDS = { kind: "say_last", prompt: "call_limit" } as const;

/** A call whose greeting has been heard. */
async function call(settings: Partial<Settings>) {
  const rig = new CallRig({ settings });
  const isolate = await rig.firstTalks();
  asks(isolate, 0);
  return { rig, isolate, [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() };
}

/** The caller asks, and has heard the answer to its end; turn 0 is the greeting. */
function asks(isolate: FakeIsolate, turn: number): void {
  if (turn > 0) {
    isolate.reports({ kind: "caller_turn", turn, text: "And how much is it?" });
    isolate.reports({ kind: "phase", phase: "thinking" });
  }
  isolate.reports({ kind: "bot_phrase", turn, phrase: 0, text: "Ten dollars." });
  isolate.reports({ kind: "phase", phase: "speaking" });
  isolate.reports({ kind: "answer_complete", turn, phrases: 1 });
  isolate.reports({ kind: "phrase_heard", turn, phrase: 0 });
  isolate.reports({ kind: "phase", phase: "listening" });
}

function pays(isolate: FakeIsolate, promptTokens: number, completionTokens = 0): void {
  const event = { kind: "usage", model: "m", promptTokens, completionTokens } as const;
  isolate.tells({ kind: "assistant", event });
}

Deno.test("a caller with MAX_TURNS turns hears the last answer, then last words, and goes to the operator", async () => {
  await using scene = await call({ MAX_TURNS: 3 });
  const { rig, isolate } = scene;
  using log = new LogLines();
  for (const turn of [1, 2]) asks(isolate, turn);
  assert.equal(isolate.last("say_last"), undefined);
  asks(isolate, 3);
  assert.deepEqual(isolate.last("say_last"), LAST_WORDS);
  assert.match(log.warnings.join("\n"), /bound="?MAX_TURNS/);
  assert.deepEqual(rig.service.counts("callBounded"), [["turns"]]);
  isolate.tells({ kind: "said" });
  await rig.session.closed;
  assert.equal(rig.pbx.count(`continueInDialplan ${CALLER} operator s`), 1);
  assert.equal(rig.record.endReason, "handover");
});

Deno.test("a caller who talks over the last answer is not talked over, and hears the last words when they have finished", async () => {
  await using scene = await call({ MAX_TURNS: 1 });
  const { isolate } = scene;
  isolate.reports({ kind: "caller_turn", turn: 1, text: "And how much is it?" });
  isolate.reports({ kind: "bot_phrase", turn: 1, phrase: 0, text: "Ten dollars." });
  isolate.reports({
    kind: "barge_in",
    turn: 1,
    phrase: 0,
    heardText: "Ten",
    onsetToSilenceMs: 100,
  });
  isolate.reports({ kind: "phase", phase: "listening" });
  assert.equal(isolate.last("say_last"), undefined);
  isolate.reports({ kind: "caller_turn", turn: 2, text: "No, the other one." });
  assert.deepEqual(isolate.last("say_last"), LAST_WORDS);
});

Deno.test("a call that has used up its tokens is handed over, whichever of its isolates used them", async () => {
  await using scene = await call({ LLM_CALL_TOKENS: 1000 });
  const { rig, isolate: first } = scene;
  pays(first, 600, 100);
  asks(first, 1);
  assert.equal(first.last("say_last"), undefined);
  first.dies("crash");
  const second = await rig.isolates.talking(2);
  assert.equal(second.last("assign")?.assignment.record.tokens, 700);
  pays(second, 300);
  asks(second, 2);
  await soon(() => second.last("say_last"), "the caller is told");
  assert.deepEqual(second.last("say_last"), LAST_WORDS);
  assert.deepEqual(rig.service.counts("callBounded"), [["tokens"]]);
  assert.equal(rig.service.journalled().live[0]!.tokens, 1000, "as the next service would find it");
});

Deno.test("the last words of a call at its bound, cut short by an isolate's death, are said by the next", async () => {
  await using scene = await call({ MAX_TURNS: 1 });
  asks(scene.isolate, 1);
  scene.isolate.dies("crash");
  const second = await scene.rig.isolates.talking(2);
  await soon(() => second.last("say_last"), "it says them");
  assert.deepEqual(second.last("say_last"), LAST_WORDS);
});

Deno.test("0 bounds neither turns nor tokens", async () => {
  await using scene = await call({ MAX_TURNS: 0, LLM_CALL_TOKENS: 0 });
  pays(scene.isolate, 1_000_000_000);
  for (let turn = 1; turn <= 300; turn++) asks(scene.isolate, turn);
  assert.equal(scene.isolate.last("say_last"), undefined);
});

Deno.test("what a request cost is counted, even if its caller has hung up before the answer", async () => {
  await using scene = await call({});
  scene.rig.session.lost();
  pays(scene.isolate, 900);
  assert.equal(scene.rig.service.counts("modelUsed").length, 1);
  assert.deepEqual(scene.rig.service.paid, [900]);
});
