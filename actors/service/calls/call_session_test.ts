import assert from "node:assert/strict";
import { CALLER, CallRig, FakeIsolate, soon } from "./call_rig.ts";

const FAREWELL = { kind: "say_last", prompt: "farewell" } as const;
const LAST_RESORT = { kind: "say_last", prompt: "last_resort" } as const;

Deno.test("keys pressed while an isolate is being replaced, or before the first talks, are kept", async () => {
  await using rig = new CallRig({ settings: { MASK_CARDS: false } });
  const slow = new FakeIsolate("slow", false);
  rig.isolates.next.push(slow);
  rig.begin();
  await soon(() => slow.last("media"), "the first isolate is to connect its media");
  rig.pbx.keyPressed(CALLER, "1");
  slow.tells({ kind: "media_open" });
  const first = await rig.isolates.talking(1);
  rig.pbx.keyPressed(CALLER, "2");
  const release = rig.pbx.holds("externalMedia");
  first.dies("crash");
  await soon(() => rig.isolates.taken.length === 2, "it is being replaced");
  rig.pbx.keyPressed(CALLER, "3");
  release();
  await rig.isolates.talking(2);
  rig.pbx.keyPressed(CALLER, "#");
  assert.equal(rig.record.keys, "123#");
  assert.equal(rig.service.journalled().live[0]!.keys, "123#");
});

Deno.test("which keys a caller presses is kept nowhere, only how many", async () => {
  await using rig = new CallRig();
  await rig.firstTalks();
  for (const key of "41#") rig.pbx.keyPressed(CALLER, key);
  assert.equal(rig.record.keys, "xxx");
  assert.doesNotMatch(JSON.stringify(rig.service.journalled()), /"digit":"[^x]"|"keys":"[^x"]/);
});

Deno.test("a caller is answered, and meets the bot in a bridge that is gone after the call", async () => {
  await using rig = new CallRig();
  await rig.firstTalks();
  await rig.session.settled;
  const media = rig.media!;
  assert.deepEqual(rig.pbx.asked.filter((asked) => asked.startsWith("addToBridge")), [
    `addToBridge voxbot-abc ${CALLER}`,
    `addToBridge voxbot-abc ${media}`,
  ]);
  rig.pbx.hangsUp(CALLER);
  await rig.session.closed;
  assert.equal(rig.record.endReason, "hangup");
  assert.equal(rig.service.journalled().ended[0]!.endReason, "hangup");
  assert.deepEqual([...rig.pbx.channels.keys()], []);
  assert.deepEqual([...rig.pbx.bridges], []);
  assert.equal(rig.media, undefined);
});

Deno.test("a caller who hangs up during set-up leaves nothing behind, whatever was under way", async () => {
  for (const command of ["answer", "createBridge", "addToBridge", "externalMedia"] as const) {
    await using rig = new CallRig();
    const release = rig.pbx.holds(command);
    rig.begin();
    await soon(() => rig.pbx.count(command) > 0, `${command} is under way`);
    rig.pbx.hangsUp(CALLER);
    release();
    await rig.session.closed;
    await rig.session.settled;
    assert.equal(rig.record.endReason, "hangup", command);
    assert.equal(rig.pbx.count("apologise"), 0, command);
    assert.deepEqual([...rig.pbx.bridges], [], command);
    assert.deepEqual([...rig.pbx.channels.keys()], [], command);
  }
});

Deno.test("a caller who hangs up before the PBX has said how audio can travel is not waited for", async () => {
  await using rig = new CallRig({ plan: new Promise(() => {}) });
  rig.begin();
  rig.pbx.hangsUp(CALLER);
  await rig.session.closed;
  assert.equal(rig.record.endReason, "hangup");
  assert.equal(rig.pbx.count("answer"), 0);
});

Deno.test("a caller whose call cannot be set up goes to the operator", async () => {
  await using rig = new CallRig();
  rig.pbx.fails("createBridge", "unexpected");
  rig.begin();
  await rig.session.closed;
  assert.equal(rig.record.endReason, "handover");
  assert.equal(rig.pbx.count(`continueInDialplan ${CALLER} operator`), 1);
});

Deno.test("a silent caller is asked whether they are there, and after longer silence bidden farewell and hung up on", async () => {
  await using rig = new CallRig({
    settings: { SILENCE_NUDGE_SECONDS: 8, CALL_INACTIVITY_TIMEOUT: 30 },
  });
  const isolate = await rig.firstTalks();
  isolate.reports({ kind: "phase", phase: "listening" });
  rig.passes(8);
  assert.ok(isolate.last("nudge"));
  isolate.reports({ kind: "nudged" });
  isolate.reports({ kind: "phase", phase: "speaking" });
  isolate.reports({ kind: "phase", phase: "listening" });
  assert.equal(isolate.last("say_last"), undefined);
  rig.passes(29);
  assert.equal(isolate.posted.filter(({ kind }) => kind === "nudge").length, 1, "once");
  rig.passes(1);
  assert.deepEqual(isolate.last("say_last"), FAREWELL);
  isolate.tells({ kind: "said" });
  await rig.session.closed;
  assert.equal(rig.pbx.count(`hangUp ${CALLER} normal`), 1);
  assert.equal(rig.record.endReason, "hangup");
  assert.deepEqual(rig.service.counts("deadlinePassed"), [["listening", "nudge"], [
    "listening",
    "hangup",
  ]]);
});

Deno.test("a slow answer is apologised for, and an isolate that does not even apologise is replaced", async () => {
  await using rig = new CallRig({ settings: { AI_PROCESSING_TIMEOUT: 20 } });
  const isolate = await rig.firstTalks();
  isolate.reports({ kind: "phase", phase: "thinking" });
  rig.passes(20);
  assert.ok(isolate.last("apologise"));
  rig.passes(5);
  await rig.isolates.talking(2);
  assert.deepEqual(rig.record.restarts.map(({ reason, phase }) => ({ reason, phase })), [
    { reason: "phase_timeout", phase: "thinking" },
  ]);
});

Deno.test("a caller who speaks is not asked whether they are there", async () => {
  await using rig = new CallRig({ settings: { SILENCE_NUDGE_SECONDS: 8 } });
  const isolate = await rig.firstTalks();
  isolate.reports({ kind: "phase", phase: "listening" });
  isolate.tells({ kind: "caller_speaking", speaking: true });
  rig.passes(20);
  assert.equal(isolate.last("nudge"), undefined);
});

Deno.test("a handover has last words, and only then the caller goes to the operator", async () => {
  await using rig = new CallRig();
  const isolate = await rig.firstTalks();
  rig.session.leave("handover");
  assert.deepEqual(isolate.last("say_last"), LAST_RESORT);
  assert.equal(rig.pbx.count("continueInDialplan"), 0);
  isolate.tells({ kind: "said" });
  await rig.session.closed;
  assert.equal(rig.pbx.count(`continueInDialplan ${CALLER} operator s`), 1);
  assert.equal(rig.record.endReason, "handover");
});

Deno.test("an isolate that never finishes its last words does not keep the caller", async () => {
  await using rig = new CallRig();
  await rig.firstTalks();
  rig.session.leave("handover");
  rig.passes(15);
  await rig.session.closed;
  assert.equal(rig.pbx.count(`continueInDialplan ${CALLER} operator s`), 1);
});

Deno.test("last words that an isolate's death cut short are said by the next", async () => {
  await using rig = new CallRig();
  const first = await rig.firstTalks();
  rig.session.leave("handover");
  first.dies("crash");
  const second = await rig.isolates.talking(2);
  await soon(() => second.last("say_last"), "it says them");
  assert.deepEqual(second.last("say_last"), LAST_RESORT);
  rig.session.leave("hangup");
  second.tells({ kind: "said" });
  await rig.session.closed;
  assert.equal(rig.record.endReason, "handover", "the first decision holds");
});

Deno.test("a call at its longest ends with a farewell", async () => {
  await using rig = new CallRig({ settings: { MAX_CALL_SECONDS: 60 } });
  const isolate = await rig.firstTalks();
  rig.passes(60);
  assert.deepEqual(isolate.last("say_last"), FAREWELL);
});

Deno.test("a transfer that a tool calls for is made once, and its result is recorded before the call ends", async () => {
  await using rig = new CallRig({
    settings: { TRANSFER_TARGETS: { sales: "201" }, TRANSFER_CONTEXT: "people" },
  });
  const isolate = await rig.firstTalks();
  const call = { name: "transfer_to", key: "sales", extension: "201" } as const;
  isolate.reports({ kind: "tool_begun", turn: 1, id: "t1", call, after: 0 });
  isolate.tells({ kind: "tool_call", id: "t1" });
  isolate.tells({ kind: "tool_call", id: "t1" });
  await rig.session.closed;
  assert.equal(rig.pbx.count("continueInDialplan"), 1);
  assert.equal(rig.pbx.count(`continueInDialplan ${CALLER} people 201`), 1);
  const [ended] = rig.service.journalled().ended;
  assert.equal(ended!.tools[0]!.result, "done");
  assert.equal(ended!.endReason, "transfer");
});

Deno.test("when the PBX refuses a transfer, the isolate learns it and the call continues", async () => {
  await using rig = new CallRig({ settings: { TRANSFER_TARGETS: { sales: "201" } } });
  const isolate = await rig.firstTalks();
  const call = { name: "transfer_to", key: "sales", extension: "201" } as const;
  isolate.reports({ kind: "tool_begun", turn: 1, id: "t1", call, after: 0 });
  rig.pbx.fails("continueInDialplan", "unexpected");
  isolate.tells({ kind: "tool_call", id: "t1" });
  const done = await soon(() => isolate.last("tool_done"), "the isolate is answered");
  assert.equal(done.result, "failed");
  assert.equal(rig.record.endedAt, undefined);
  rig.session.leave("handover");
  assert.ok(isolate.last("say_last"), "it can still be handed over");
});

Deno.test("a service that stands down touches neither the caller nor anything else on the PBX", async () => {
  await using rig = new CallRig();
  const isolate = await rig.firstTalks();
  const before = [...rig.pbx.asked];
  await rig.session.standDown();
  assert.deepEqual(rig.pbx.asked, before);
  assert.equal(await isolate.exited, "shutdown");
  assert.equal(rig.record.endReason, undefined);
  assert.equal(rig.service.journalled().live.length, 1, "the next service can adopt it");
});

Deno.test("a caller whose channel the PBX no longer has is lost, and what was theirs is removed", async () => {
  await using rig = new CallRig();
  await rig.firstTalks();
  rig.pbx.channels.delete(CALLER);
  rig.session.lost();
  await rig.session.closed;
  assert.equal(rig.record.endReason, "lost");
  assert.deepEqual([...rig.pbx.bridges], []);
  assert.deepEqual([...rig.pbx.channels.keys()], []);
});

Deno.test("nothing is recorded of a call that is over, whatever its isolate and its caller still do", async () => {
  await using rig = new CallRig();
  const isolate = await rig.firstTalks();
  rig.session.lost();
  isolate.reports({ kind: "phase", phase: "speaking" });
  rig.pbx.keyPressed(CALLER, "5");
  assert.equal(rig.record.phase, "answering");
  assert.equal(rig.record.keys, "");
});
