import assert from "node:assert/strict";
import { CALLER, CallRig, FakeIsolate, soon } from "./call_rig.ts";

/** A call whose isolate is speaking turn 1. */
async function speaking(rig: CallRig): Promise<FakeIsolate> {
  const isolate = await rig.firstTalks();
  isolate.reports({ kind: "caller_turn", turn: 1, text: "How much is it?" });
  isolate.reports({ kind: "phase", phase: "speaking" });
  return isolate;
}

Deno.test("a caller whose first isolate cannot take the call is greeted by another", async () => {
  await using rig = new CallRig();
  const dying = new FakeIsolate("dying", false);
  rig.isolates.next.push(dying);
  rig.begin();
  await soon(() => dying.last("media"), "the first isolate is about to take the call");
  const firstMedia = rig.media!;
  dying.dies("crash");
  const second = await rig.isolates.talking(2);
  assert.equal(second.last("assign")!.assignment.resumed, false, "the caller is greeted");
  assert.deepEqual(rig.record.restarts, []);
  assert.notEqual(rig.media, firstMedia, "Asterisk crashes on an id that is taken");
  await soon(() => !rig.pbx.channels.has(firstMedia), "the first media are gone");
});

Deno.test("a caller whom two isolates fail goes to the operator, apologised to", async () => {
  await using rig = new CallRig();
  rig.isolates.next.push(new FakeIsolate("mute", false), new FakeIsolate("mute too", false));
  rig.begin();
  for (const nth of [1, 2]) {
    await soon(() => rig.isolates.taken[nth - 1]?.last("media"), "it is to connect");
    rig.passes(rig.service.settings.MEDIA_CONNECT_TIMEOUT_MS / 1000);
  }
  await rig.session.closed;
  assert.deepEqual(rig.pbx.asked.filter((asked) => /^(play last_resort|continue)/.test(asked)), [
    `play last_resort ${CALLER}`,
    `continueInDialplan ${CALLER} operator s`,
  ]);
  assert.equal(rig.record.endReason, "handover");
});

Deno.test("an isolate that dies is replaced, and the next knows the call, and that it resumes it", async () => {
  await using rig = new CallRig();
  const first = await speaking(rig);
  const firstMedia = rig.media!;
  first.dies("hang");
  const second = await rig.isolates.talking(2);
  const { resumed, record, callerWasSpeaking } = second.last("assign")!.assignment;
  assert.equal(resumed, true);
  assert.equal(record.turns[0]!.caller, "How much is it?");
  assert.equal(callerWasSpeaking, false);
  const [restart] = rig.record.restarts;
  assert.equal(restart!.reason, "hang");
  assert.equal(restart!.phase, "speaking");
  assert.deepEqual(rig.service.journalled().live[0]!.restarts, rig.record.restarts);
  assert.deepEqual(rig.service.counts("callRestarted"), [["hang", "speaking", restart!.waitedMs]]);
  await soon(() => !rig.pbx.channels.has(firstMedia), "the old media are hung up");
});

Deno.test("a caller who was speaking when the isolate died is asked to say it again", async () => {
  await using rig = new CallRig();
  const first = await rig.firstTalks();
  first.tells({ kind: "caller_speaking", speaking: true });
  first.dies("crash");
  const second = await rig.isolates.talking(2);
  assert.equal(second.last("assign")!.assignment.callerWasSpeaking, true);
  second.dies("crash");
  const third = await rig.isolates.talking(3);
  assert.equal(third.last("assign")!.assignment.callerWasSpeaking, false, "only once");
});

Deno.test("isolates that die over and over are given up: the PBX apologises, and an operator takes the caller", async () => {
  await using rig = new CallRig({ settings: { CALL_RESTART_INTENSITY: 2 } });
  rig.begin();
  for (const nth of [1, 2, 3]) (await rig.isolates.talking(nth)).dies("crash");
  await rig.session.closed;
  assert.equal(rig.isolates.taken.length, 3);
  assert.deepEqual(rig.pbx.asked.filter((asked) => /^(play last_resort|continue)/.test(asked)), [
    `play last_resort ${CALLER}`,
    `continueInDialplan ${CALLER} operator s`,
  ]);
  assert.equal(rig.record.endReason, "handover");
  assert.deepEqual([...rig.pbx.bridges], []);
});

Deno.test("a replacement that fails is followed by another", async () => {
  await using rig = new CallRig({ settings: { CALL_RESTART_INTENSITY: 3 } });
  const first = await rig.firstTalks();
  rig.pbx.fails("externalMedia", "unexpected");
  first.dies("crash");
  await rig.isolates.talking(3);
  assert.equal(rig.record.restarts.length, 1);
});

Deno.test("a caller stays when the PBX does not find the media of a new isolate", async () => {
  await using rig = new CallRig({ settings: { CALL_RESTART_INTENSITY: 3 } });
  const first = await rig.firstTalks();
  rig.pbx.fails("externalMedia", "gone");
  first.dies("crash");
  await rig.isolates.talking(3);
  assert.equal(rig.pbx.count("application"), 1, "the PBX was asked whether the caller is there");
  assert.equal(rig.record.endedAt, undefined);
});

Deno.test("a caller who left unnoticed is not given isolate after isolate", async () => {
  await using rig = new CallRig();
  const first = await rig.firstTalks();
  rig.pbx.channels.delete(CALLER);
  rig.pbx.fails("externalMedia", "gone");
  first.dies("crash");
  await rig.session.closed;
  assert.equal(rig.record.endReason, "hangup");
  assert.equal(rig.isolates.taken.length, 2);
  assert.equal(rig.pbx.count("apologise"), 0);
});

Deno.test("an adopted call is resumed: what was said while the service was down is asked for again", async () => {
  await using rig = new CallRig({ adopted: true });
  rig.pbx.bridges.add("voxbot-abc");
  const isolate = await rig.firstTalks();
  const { resumed, callerWasSpeaking } = isolate.last("assign")!.assignment;
  assert.deepEqual({ resumed, callerWasSpeaking }, { resumed: true, callerWasSpeaking: true });
  assert.deepEqual(rig.record.restarts.map(({ reason }) => reason), ["shutdown"]);
  isolate.dies("crash");
  const second = await rig.isolates.talking(2);
  assert.equal(second.last("assign")!.assignment.callerWasSpeaking, false);
});

Deno.test("a call is recorded when recordings are wanted, each to a file named after it", async () => {
  for (const [wanted, path] of [[true, "data/recordings/abc.wav"], [false, undefined]] as const) {
    await using rig = new CallRig({ settings: { RECORD_CALLS: wanted, DATA_DIR: "data" } });
    const isolate = await rig.firstTalks();
    assert.equal(isolate.last("assign")!.assignment.recordingPath, path);
  }
});

Deno.test("no call is recorded while the disk is too full, nor after a crash meanwhile", async () => {
  await using rig = new CallRig({ settings: { RECORD_CALLS: true } });
  const isolate = await rig.firstTalks();
  assert.notEqual(isolate.last("assign")!.assignment.recordingPath, undefined);
  rig.service.recording.paused = true;
  isolate.dies("crash");
  const second = await rig.isolates.talking(2);
  assert.equal(second.last("assign")!.assignment.recordingPath, undefined);
});

Deno.test("an isolate that has nothing left to do ends the call", async () => {
  await using rig = new CallRig();
  (await rig.firstTalks()).dies("normal");
  await rig.session.closed;
  assert.equal(rig.record.endReason, "hangup");
  assert.deepEqual(rig.isolates.taken.length, 1);
});
