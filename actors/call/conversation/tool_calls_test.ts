import assert from "node:assert/strict";
import type { AgentEvent, ToolCall } from "../../../agent/agent.ts";
import { contactsOf, heardText } from "../../call_record.ts";
import { inConversation, prompts, rig } from "./conversation_rig.ts";

const HANG_UP: ToolCall = { name: "hang_up" };
const TRANSFER: ToolCall = { name: "transfer_to", key: "sales", extension: "201" };
const CONTACT: ToolCall = { name: "take_contact", contact: { phone: "5550100" } };

const phrase = (text: string): AgentEvent => ({ kind: "phrase", text });
const toolCall = (call: ToolCall): AgentEvent => ({ kind: "tool", id: `2-${call.name}`, call });

/** A call whose agent has answered with these parts; none has been heard yet. */
async function answeredWith(...parts: AgentEvent[]) {
  const call = rig();
  call.agent.parts = parts;
  call.conversation.greet();
  await call.play();
  await call.ask("Connect me to sales.");
  return call;
}

Deno.test("the bot hangs up when its farewell has been heard to the end, not before", async () => {
  using call = await answeredWith(phrase("Thank you."), phrase("Goodbye!"), toolCall(HANG_UP));
  call.line.play("e2");
  assert.deepEqual(call.toolCalls, []);
  await call.play();
  assert.deepEqual(call.toolCalls, ["2-hang_up"]);
  assert.equal(call.conversation.phase, "handover");
});

Deno.test("a caller who talks over the farewell is not hung up on", async () => {
  using call = await answeredWith(phrase("Thank you."), phrase("Goodbye!"), toolCall(HANG_UP));
  call.line.play("e2");
  call.agent.parts = [phrase("Twelve months.")];
  await call.speak("Wait, how long is the warranty?", 700);
  await call.silence(600);
  await call.play();
  assert.deepEqual(call.toolCalls, []);
  assert.deepEqual(call.record.tools, []);
  assert.equal(heardText(call.record.turns.at(-1)!), "Twelve months.");
});

Deno.test("a caller whose transfer the PBX refuses hears so, and the call continues", async () => {
  using call = await answeredWith(phrase("One moment."), toolCall(TRANSFER));
  await call.play();
  call.conversation.toolDone("2-transfer_to", "failed");
  await call.play();
  assert.equal(heardText(call.record.turns.at(-1)!), prompts.transfer_refused);
  assert.equal(call.conversation.phase, "listening");
});

Deno.test("a caller who speaks while being transferred asks no new question", async () => {
  using call = await answeredWith(phrase("One moment."), toolCall(TRANSFER));
  await call.play();
  await call.ask("Thank you very much.");
  assert.equal(call.agent.requests.length, 1);
  assert.deepEqual(call.toolCalls, ["2-transfer_to"]);
});

Deno.test("a contact is noted even if the caller interrupts the thanks", async () => {
  using call = await answeredWith(phrase("Thank you, noted."), toolCall(CONTACT));
  assert.deepEqual(call.toolCalls, ["2-take_contact"]);
  call.conversation.toolDone("2-take_contact", "done");
  call.line.play("s2");
  await call.speak("And what is the price?", 700);
  assert.deepEqual(contactsOf(call.record), [{ phone: "5550100" }]);
});

Deno.test("a tool call is carried out once, however often the model makes it", async () => {
  using call = await answeredWith(phrase("Noted."), toolCall(CONTACT), toolCall(CONTACT));
  await call.play();
  assert.deepEqual(call.toolCalls, ["2-take_contact"]);
});

Deno.test("a resumed call carries out the tool calls that were still due, and none that were done", async () => {
  using before = await answeredWith(phrase("Noted."), toolCall(CONTACT), toolCall(TRANSFER));
  before.conversation.toolDone("2-take_contact", "done");
  before.line.play("s2");
  const record = structuredClone(before.record);
  using call = rig(record);
  call.conversation.resume(false);
  assert.deepEqual(call.toolCalls, [], "the phrase before it has not been heard yet");
  await call.play();
  assert.deepEqual(call.toolCalls, ["2-transfer_to"]);
});

Deno.test("a call resumed just after its farewell was heard is hung up", async () => {
  using before = await answeredWith(phrase("Goodbye!"), toolCall(HANG_UP));
  await before.play();
  using call = rig(structuredClone(before.record));
  call.conversation.resume(false);
  assert.deepEqual(call.toolCalls, ["2-hang_up"]);
  assert.equal(call.conversation.phase, "handover");
});

Deno.test("an answer begun again after a crash repeats no tool call", async () => {
  using before = await answeredWith(phrase("Noted."), toolCall(CONTACT));
  before.conversation.toolDone("2-take_contact", "done");
  const record = structuredClone(before.record);
  record.turns[1]!.answerComplete = false;
  using call = rig(record);
  call.agent.parts = [phrase("Noted."), toolCall(CONTACT)];
  call.conversation.resume(false);
  await call.play();
  assert.deepEqual(call.toolCalls, []);
});

Deno.test("an answer that is only a tool call needs no words", async () => {
  using call = await answeredWith(toolCall({ name: "send_dtmf", digits: "5" }));
  assert.deepEqual(call.toolCalls, ["2-send_dtmf"]);
  assert.deepEqual(call.record.turns[1]!.phrases, []);
  assert.equal(call.conversation.phase, "listening");
});

Deno.test("the recognised words are kept verbatim beside their normalised text", async () => {
  using call = await inConversation();
  await call.play();
  await call.ask("Uh how much is is the em two hundred");
  const turn = call.record.turns.at(-1)!;
  assert.equal(turn.raw, "Uh how much is is the em two hundred");
  assert.equal(turn.caller, "how much is the em 200");
  assert.equal(call.agent.requests.at(-1)!.text, turn.caller);
});
