// What a caller says to the bot about the conversation itself: wait, uh-huh, I have finished.

import assert from "node:assert/strict";
import { heardText, newCallRecord } from "../../call_record.ts";
import { inConversation, rig, settle } from "./conversation_rig.ts";

Deno.test("a caller who says wait is listened to, not answered", async () => {
  using call = await inConversation();
  call.line.play("e2");
  await call.ask("Wait, please.");
  assert.equal(call.record.phase, "listening");
  assert.equal(call.agent.requests.length, 1);
  assert.equal(call.record.turns[1]!.interrupted, true);
  assert.equal(call.record.turns.at(-1)!.caller, "Wait, please.");
  await call.ask("What is the warranty?");
  assert.equal(call.agent.requests.at(-1)!.text, "What is the warranty?");
  assert.equal(call.record.turns.at(-1)!.turn, 3);
});

Deno.test("wait with a question is answered by the answer to the question", async () => {
  using call = await inConversation();
  call.line.play("e2");
  await call.ask("Wait, I have another question. What is the warranty?");
  await call.play();
  assert.equal(call.agent.requests.at(-1)!.text, "What is the warranty?");
  assert.equal(heardText(call.record.turns.at(-1)!), "First answer. Second part.");
});

Deno.test("a question that the caller took back before its answer was heard is not answered", async () => {
  using call = rig();
  call.conversation.greet();
  await call.play();
  call.agent.hold = new Promise(() => {});
  await call.ask("What is the price?");
  call.agent.hold = undefined;
  await call.ask("No, wait. What is the warranty?");
  assert.equal(call.agent.requests.at(-1)!.text, "What is the warranty?");
  assert.deepEqual(call.record.turns.map(({ caller }) => caller), [
    undefined,
    "What is the price?",
    "What is the warranty?",
  ]);
});

Deno.test("no answer is begun early to a caller who only says wait", async () => {
  const record = newCallRecord({ id: "c1", channelId: "ch", caller: "", startedAt: 0 });
  using call = rig(record, { startEarly: true });
  call.conversation.greet();
  await call.play();
  await call.ask("Wait.");
  assert.equal(call.agent.requests.length, 0);
});

Deno.test("a lone uh-huh in silence is no question", async () => {
  using call = rig();
  call.conversation.greet();
  await call.play();
  await call.ask("Uh-huh.");
  assert.equal(call.agent.requests.length, 0);
  assert.equal(call.record.phase, "listening");
});

Deno.test("an uh-huh behind a question of the bot is its answer", async () => {
  using call = await inConversation();
  await call.play();
  call.agent.phrases = ["Shall I send it?"];
  await call.ask("And the price?");
  await call.play();
  await call.ask("Uh-huh.");
  assert.equal(call.agent.requests.at(-1)!.text, "Uh-huh.");
});

Deno.test("a caller who presses the key for the end of a turn is not waited for", async () => {
  using call = rig();
  call.conversation.greet();
  await call.play();
  await call.speak("What is the price?", 900);
  assert.equal(call.agent.requests.length, 0);
  call.conversation.endTurn();
  await settle();
  assert.equal(call.agent.requests[0]!.text, "What is the price?");
});

Deno.test("the key for the end of a turn does nothing while the caller is silent", async () => {
  using call = rig();
  call.conversation.greet();
  await call.play();
  call.conversation.endTurn();
  await settle();
  assert.equal(call.agent.requests.length, 0);
  assert.equal(call.record.phase, "listening");
});

Deno.test("what a caller adds while the bot is patient joins the turn", async () => {
  using call = rig(undefined, { patienceMs: 60_000 });
  call.conversation.greet();
  await call.play();
  await call.ask("What is the price?");
  assert.deepEqual(call.spoken, ["Hello."], "the answer is held back");
  await call.ask("And the warranty?");
  assert.equal(call.agent.requests.at(-1)!.text, "What is the price? And the warranty?");
  assert.equal(call.record.turns.length, 2);
});

Deno.test("a yes and the key for the end of a turn are answered without patience", async () => {
  using call = rig(undefined, { patienceMs: 60_000 });
  call.conversation.greet();
  await call.play();
  await call.ask("Yes, please.");
  assert.deepEqual(call.spoken.slice(1), ["First answer.", "Second part."]);
  await call.play();
  await call.speak("What is the price?", 900);
  call.conversation.endTurn();
  await settle();
  assert.equal(call.spoken.length, 5);
});
