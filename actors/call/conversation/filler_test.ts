// What a conversation does before an answer is there: it starts early, and it fills silences.

import assert from "node:assert/strict";
import { newCallRecord } from "../../call_record.ts";
import { prompts, rig, settle } from "./conversation_rig.ts";

const fresh = () => newCallRecord({ id: "c1", channelId: "ch", caller: "", startedAt: 0 });

async function greeted(options: Parameters<typeof rig>[1]) {
  const call = rig(fresh(), options);
  call.conversation.greet();
  await call.play();
  return call;
}

Deno.test("an answer is begun at the caller's first pause, and used if they had finished", async () => {
  using call = await greeted({ startEarly: true });
  await call.speak("What is the price?", 900);
  await call.silence(250);
  assert.equal(call.agent.requests.length, 1, "begun before the turn is over");
  assert.equal(call.conversation.phase, "listening");
  await call.silence(400);
  await call.play();
  assert.equal(call.agent.requests.length, 1, "and not asked for again");
  assert.deepEqual(call.early.map(({ begun, hit }) => ({ begun, hit })), [{ begun: 1, hit: true }]);
  assert.equal(call.record.turns[1]!.phrases.length, 2);
});

Deno.test("under pressure no answer is begun early, and the turn is answered all the same", async () => {
  using call = await greeted({ startEarly: true, pressed: true });
  await call.speak("What is the price?", 900);
  await call.silence(250);
  assert.equal(call.agent.requests.length, 0);
  await call.silence(400);
  await call.play();
  assert.equal(call.agent.requests.length, 1);
  assert.equal(call.record.turns[1]!.phrases.length, 2);
});

Deno.test("an answer begun early is thrown away when the caller continues", async () => {
  using call = await greeted({ startEarly: true });
  await call.speak("What is the price?", 900);
  await call.silence(250);
  await call.speak("What is the price of the small machine?", 600);
  await call.silence(700);
  await call.play();
  assert.equal(call.agent.requests[0]!.signal.aborted, true);
  assert.equal(call.agent.requests.at(-1)!.text, "What is the price of the small machine?");
  assert.deepEqual(call.early.map(({ begun, hit }) => ({ begun, hit })), [{ begun: 2, hit: true }]);
});

Deno.test("with early start off the agent is asked only when the turn is over", async () => {
  using call = await greeted({});
  await call.speak("What is the price?", 900);
  await call.silence(250);
  assert.equal(call.agent.requests.length, 0);
});

Deno.test("a slow answer is announced by a filler, which is cut when the answer comes", async () => {
  const held = Promise.withResolvers<void>();
  using call = await greeted({ fillerAfterMs: 1 });
  call.agent.hold = held.promise;
  await call.ask("What is the price?");
  assert.deepEqual(call.spoken.slice(1).filter((text) => prompts.fillers.includes(text)).length, 1);
  assert.equal(call.conversation.phase, "thinking", "a filler is not an answer");
  call.line.play("s2");
  held.resolve();
  await settle();
  assert.equal(call.line.flushes, 1, "the rest of the filler is dropped");
  await call.play();
  assert.equal(call.conversation.phase, "listening");
  assert.deepEqual(
    call.record.turns[1]!.phrases.map(({ text }) => text),
    ["First answer.", "Second part."],
    "the transcript holds only the answer",
  );
  assert.ok(call.record.turns[1]!.phrases.every(({ heard }) => heard));
});

Deno.test("an answer that comes in time needs no filler", async () => {
  using call = await greeted({ fillerAfterMs: 10_000 });
  await call.ask("What is the price?");
  await call.play();
  assert.ok(!call.told.includes("filler_spoken"));
});

Deno.test("a filler falls silent when the caller talks over it, as an answer does", async () => {
  const held = Promise.withResolvers<void>();
  using call = await greeted({ fillerAfterMs: 1 });
  call.agent.hold = held.promise;
  await call.ask("What is the price?");
  call.line.play("s2");
  await call.ask("Of the small machine.");
  held.resolve();
  await call.play();
  assert.equal(call.agent.requests.at(-1)!.text, "What is the price? Of the small machine.");
  assert.equal(call.record.turns.length, 2);
});

Deno.test("figures and units are spoken as words and stay figures in the transcript", async () => {
  using call = await greeted({});
  call.agent.phrases = ["Up to 600 kN."];
  await call.ask("What force?");
  await call.play();
  assert.equal(call.record.turns[1]!.phrases[0]!.text, "Up to 600 kN.");
  assert.match(call.spoken.at(-1)!, /six hundred kilonewtons/);
});
