import assert from "node:assert/strict";
import { heardText } from "../../call_record.ts";
import { diedAfter, inConversation, prompts, rig, settle } from "./conversation_rig.ts";

Deno.test("a caller is greeted, asks, and is answered", async () => {
  using call = await inConversation();
  assert.equal(call.conversation.phase, "speaking");
  await call.play();
  assert.equal(call.conversation.phase, "listening");
  assert.equal(call.record.turns[1]!.caller, "What is the price?");
  assert.equal(heardText(call.record.turns[1]!), "First answer. Second part.");
  assert.deepEqual(call.agent.requests[0]!.history, [{ role: "bot", text: "Hello." }]);
});

Deno.test("a caller's card number reaches neither what is kept nor the model", async () => {
  using call = rig();
  call.conversation.greet();
  await call.play();
  await call.ask("My card is four 111 1111 1111 1111, the CVV is 123.");
  const turn = call.record.turns[1]!;
  assert.equal(turn.caller, "My card is ****, the CVV is ****.");
  assert.equal(turn.raw, turn.caller);
  assert.equal(call.agent.requests[0]!.text, turn.caller);
  assert.doesNotMatch(JSON.stringify(call.events), /1111|123/);
});

Deno.test("an answer spoken in one stream is heard to its end, and the next one as well", async () => {
  using call = rig(undefined, { streaming: true });
  call.conversation.greet();
  await call.play();
  for (const question of ["What is the price?", "And the warranty?"]) {
    await call.ask(question);
    await call.play();
    await call.play();
    assert.equal(call.conversation.phase, "listening");
  }
  const answers = call.record.turns.filter(({ caller }) => caller !== undefined);
  assert.equal(answers.length, 2);
  assert.ok(answers.every(({ phrases }) => phrases.every(({ heard }) => heard)));
});

Deno.test("the stages of an answer are timed from the caller's last sound, and follow in order", async () => {
  using call = await inConversation();
  await call.play();
  const timings = call.events.find((event) => event.kind === "timings");
  assert.ok(timings?.kind === "timings");
  const { endpoint, asr_final, first_phrase, tts_first_byte, audio_queued, audio_heard } =
    timings.stages;
  const inOrder = [0, endpoint, asr_final, first_phrase, tts_first_byte, audio_queued, audio_heard];
  assert.deepEqual(inOrder, inOrder.toSorted((a, b) => a! - b!));
});

Deno.test("a caller who talks over the bot stops it, and the transcript keeps only what they heard", async () => {
  using call = await inConversation();
  call.line.play("e2");
  await call.speak("Stop. How long is the warranty?", 700);
  assert.equal(call.line.flushes, 1);
  assert.equal(call.conversation.phase, "listening");
  await call.silence(600);
  assert.equal(heardText(call.record.turns[1]!), "First answer.");
  assert.equal(call.record.turns[1]!.interrupted, true);
  assert.equal(call.agent.requests[1]!.text, "How long is the warranty?");
  assert.deepEqual(call.agent.requests[1]!.history.at(-1), {
    role: "bot",
    text: "First answer.",
    interrupted: true,
  });
});

Deno.test("the bot falls silent at the caller's first sound, before anyone knows what it is", async () => {
  using call = await inConversation();
  call.line.play("s2");
  await call.speak("", 120);
  assert.equal(call.line.paused, true);
  assert.equal(call.line.flushes, 0);
});

Deno.test("sound that the PBX reports silences the bot before its frames arrive; when no speech follows, the bot continues", async () => {
  using call = await inConversation();
  call.conversation.onTalking();
  assert.equal(call.line.paused, false, "nothing is audible yet that could be silenced");
  call.line.play("s2");
  call.conversation.onTalking();
  assert.equal(call.line.paused, true);
  await call.silence(600);
  assert.equal(call.line.paused, false);
  await call.play();
  assert.equal(heardText(call.record.turns[1]!), "First answer. Second part.");
});

Deno.test("sound that the PBX reports and that proves to be speech is an interruption like any other", async () => {
  using call = await inConversation();
  call.line.play("s3");
  call.conversation.onTalking();
  await call.silence(160);
  await call.speak("", 300);
  assert.equal(call.line.paused, true);
  await call.ask("Stop, something else.");
  assert.equal(call.record.turns[1]!.interrupted, true);
  assert.equal(call.record.turns[2]!.caller, "something else.");
});

Deno.test("after a backchannel the bot continues where it stopped", async () => {
  using call = await inConversation();
  call.line.play("s2");
  await call.speak("Uh-huh.", 250);
  assert.equal(call.line.paused, true);
  await call.silence(250);
  assert.equal(call.line.paused, false);
  assert.equal(call.line.flushes, 0);
  await call.play();
  assert.equal(heardText(call.record.turns[1]!), "First answer. Second part.");
  assert.equal(call.record.turns.length, 2);
});

Deno.test("after a noise the bot continues where it stopped", async () => {
  using call = await inConversation();
  call.line.play("s2");
  await call.speak("", 100);
  await call.silence(250);
  assert.equal(call.line.paused, false);
  assert.ok(call.told.includes("barge_in_resumed"));
});

Deno.test("a caller who continues before hearing an answer gets one answer, to all they said", async () => {
  using call = await inConversation();
  await call.ask("Of the small machine.");
  assert.equal(call.agent.requests.at(-1)!.text, "What is the price? Of the small machine.");
  await call.play();
  assert.deepEqual(call.record.turns.map(({ caller }) => caller), [
    undefined,
    "What is the price? Of the small machine.",
  ]);
  assert.equal(heardText(call.record.turns[1]!), "First answer. Second part.");
});

Deno.test("a caller who talks over three answers in a row is asked to say it again, and is then answered", async () => {
  using call = await inConversation();
  for (const more of ["Of the small one.", "With the clamps.", "In metric tons."]) {
    await call.ask(more);
  }
  assert.equal(call.agent.requests.length, 3, "the fourth answer is not paid for");
  assert.equal(call.spoken.at(-1), prompts.not_heard);
  assert.ok(call.told.includes("turn_begun_anew"));
  await call.play();
  assert.equal(call.conversation.phase, "listening");
  await call.ask("How long is the warranty?");
  assert.equal(call.agent.requests.at(-1)!.text, "How long is the warranty?");
  await call.play();
  assert.equal(heardText(call.record.turns.at(-1)!), "First answer. Second part.");
});

Deno.test("a caller who never stops talking costs a bounded text: the newest 2,000 characters", async () => {
  using call = await inConversation();
  await call.ask(`${"and again ".repeat(300)}the warranty`);
  const { text } = call.agent.requests.at(-1)!;
  assert.ok(text.length <= 2000 && text.length > 1900, `${text.length} characters`);
  assert.ok(text.startsWith("a") && text.endsWith(" again the warranty"));
  const heard = call.events.filter((event) => event.kind === "caller_turn");
  assert.ok(heard.every((event) => event.text.length <= 2000 && event.raw!.length <= 2000));
});

Deno.test("when the agent fails the caller hears an apology, and the call continues", async () => {
  using call = rig();
  call.agent.failure = new Error("model down");
  call.conversation.greet();
  await call.play();
  await call.ask("What is the price?");
  await call.play();
  assert.equal(heardText(call.record.turns[1]!), prompts.apology);
  assert.equal(call.conversation.phase, "listening");
});

Deno.test("when recognition fails the caller is asked to say it again", async () => {
  using call = rig();
  call.conversation.greet();
  await call.play();
  call.state.failAsr = true;
  await call.ask("What is the price?");
  await call.play();
  assert.equal(heardText(call.record.turns[1]!), prompts.not_heard);
});

Deno.test("an answer that takes too long is given up with an apology", async () => {
  using call = rig();
  const held = Promise.withResolvers<void>();
  call.agent.hold = held.promise;
  call.conversation.greet();
  await call.play();
  await call.ask("What is the price?");
  assert.equal(call.conversation.phase, "thinking");
  call.conversation.apologise();
  held.resolve();
  await call.play();
  assert.deepEqual(call.record.turns.map(heardText), ["Hello.", "", prompts.apology]);
  assert.equal(call.agent.requests[0]!.signal.aborted, true);
});

Deno.test("an apology that crosses the first audio of a good answer does not silence it", async () => {
  using call = await inConversation();
  assert.equal(call.conversation.phase, "speaking");
  call.conversation.apologise();
  await call.play();
  assert.equal(heardText(call.record.turns[1]!), "First answer. Second part.");
  assert.equal(call.record.turns.length, 2, "nothing is apologised for");
  assert.equal(call.line.flushes, 0);
});

Deno.test("an apology that comes once the answer was heard is not spoken", async () => {
  using call = await inConversation();
  await call.play();
  call.conversation.apologise();
  await call.play();
  assert.equal(call.conversation.phase, "listening");
  assert.equal(call.record.turns.length, 2);
});

Deno.test("a silent caller is asked whether they are there; one who is speaking is not", async () => {
  using call = rig();
  call.conversation.greet();
  await call.play();
  await call.speak("Well", 200);
  call.conversation.nudge();
  assert.ok(!call.kinds().includes("nudged"));
  await call.silence(2500);
  await call.play();
  call.conversation.nudge();
  await call.play();
  assert.equal(heardText(call.record.turns.at(-1)!), prompts.nudge);
});

Deno.test("the last words are heard before the call is let go", async () => {
  using call = await inConversation();
  call.conversation.sayLast("Goodbye.");
  await settle();
  assert.ok(!call.told.includes("said"));
  await call.play();
  assert.ok(call.told.includes("said"));
});

Deno.test("a call is let go although its last words cannot be synthesised", async () => {
  using call = await inConversation();
  call.state.failTts = (text) => text === "Goodbye.";
  call.conversation.sayLast("Goodbye.");
  await call.play();
  assert.equal(call.conversation.phase, "handover");
  assert.ok(call.told.includes("said"));
});

Deno.test("a resumed call is not greeted again", async () => {
  using call = rig(await diedAfter((before) => before.play()));
  call.conversation.resume(false);
  await call.play();
  assert.deepEqual(call.events, [], "it only listens");
  assert.equal(call.conversation.phase, "listening");
});

Deno.test("a sentence that was cut is spoken again from its start, and none that was heard before it", async () => {
  using call = rig(await diedAfter((before) => before.line.play("e2")));
  call.conversation.resume(false);
  const spoken = call.events.filter((event) => event.kind === "bot_phrase").map(({ text }) => text);
  assert.deepEqual(spoken, ["Second part."]);
  await call.play();
  assert.equal(heardText(call.record.turns[1]!), "First answer. Second part.");
});

Deno.test("a question that the isolate died over is answered", async () => {
  const held = Promise.withResolvers<void>();
  using before = rig();
  before.agent.hold = held.promise;
  before.conversation.greet();
  await before.play();
  await before.ask("What is the price?");
  using call = rig(structuredClone(before.record));
  call.conversation.resume(false);
  await call.play();
  held.resolve();
  assert.equal(call.agent.requests[0]!.text, "What is the price?");
  assert.equal(heardText(call.record.turns[1]!), "First answer. Second part.");
});

Deno.test("an answer that was still being made continues behind what was heard of it", async () => {
  const record = await diedAfter((before) => before.line.play("e2"));
  record.turns[1]!.answerComplete = false;
  using call = rig(record);
  call.conversation.resume(false);
  await call.play();
  assert.deepEqual(call.agent.requests[0]!.alreadyHeard, ["First answer."]);
  assert.equal(heardText(call.record.turns[1]!), "First answer. Second part.");
});

Deno.test("a caller whose words were lost in the crash is asked to say them again", async () => {
  using call = rig(await diedAfter((before) => before.play()));
  call.conversation.resume(true);
  await call.play();
  assert.equal(heardText(call.record.turns.at(-1)!), prompts.not_heard);
});

Deno.test("a greeting that was cut is spoken again, whole", async () => {
  using before = rig();
  before.conversation.greet();
  await settle();
  before.line.play("s1");
  using call = rig(structuredClone(before.record));
  call.conversation.resume(false);
  await call.play();
  assert.equal(heardText(call.record.turns[0]!), "Hello.");
  assert.equal(call.record.turns.length, 1);
});

Deno.test("a voice that cannot even apologise is a matter for the supervisor", async () => {
  using call = rig();
  // An uncaught error ends the isolate.
  const uncaught = Promise.withResolvers<unknown>();
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    uncaught.resolve(event.reason);
  }, { once: true });
  call.state.failTts = () => true;
  call.conversation.greet();
  assert.match(String(await uncaught.promise), /no voice/);
});
