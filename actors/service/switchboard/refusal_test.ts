import assert from "node:assert/strict";
import { LogLines } from "../../../testing/log_lines.ts";
import { soon, turn } from "../calls/call_rig.ts";
import { reasonToRefuse } from "./refusal.ts";
import { SwitchboardRig } from "./switchboard_rig.ts";

const CAPACITY = {
  draining: false,
  liveCalls: 0,
  maxCalls: 1,
  callerHasAll: false,
  silenceMs: 0,
  longestSilenceMs: 10_000,
  speechless: false,
  room: { ok: true },
  route: { problem: undefined, unknown: false },
} as const;

Deno.test("a call is refused for the reason that an operator can act on first", () => {
  const noMedia = { problem: "no module", unknown: false };
  assert.equal(reasonToRefuse(CAPACITY), undefined);
  assert.equal(reasonToRefuse({ ...CAPACITY, route: noMedia }), "no_media");
  assert.equal(reasonToRefuse({ ...CAPACITY, liveCalls: 1 }), "full");
  assert.equal(reasonToRefuse({ ...CAPACITY, liveCalls: 1, route: noMedia }), "no_media");
  const speechless = { ...CAPACITY, route: noMedia, speechless: true };
  assert.equal(reasonToRefuse(speechless), "speechless");
  const again = { ...speechless, callerHasAll: true };
  assert.equal(reasonToRefuse(again), "same_caller");
  assert.equal(reasonToRefuse({ ...again, liveCalls: 1 }), "same_caller");
  assert.equal(reasonToRefuse({ ...speechless, liveCalls: 1, draining: true }), "draining");
});

Deno.test("a caller who comes before the PBX has said how audio can travel waits for that", () => {
  const route = { problem: "the PBX has not been asked yet", unknown: true };
  assert.equal(reasonToRefuse({ ...CAPACITY, route }), undefined);
});

Deno.test("a caller whose call is not taken goes to the operator unanswered, and is counted by the reason", async () => {
  using log = new LogLines();
  const cases: [string, (rig: SwitchboardRig) => void][] = [
    ["draining", ({ switchboard }) => switchboard.close()],
    ["no_media", ({ route }) => route.problem = "no module"],
  ];
  for (const [reason, prepare] of cases) {
    await using rig = new SwitchboardRig({ MAX_CALLS: 1 });
    prepare(rig);
    const { switchboard, pbx } = rig;
    const before = switchboard.size;
    pbx.enters("caller-1");
    await soon(() => pbx.count("continueInDialplan caller-1 operator s"), "the operator");
    assert.equal(switchboard.size, before);
    assert.equal(pbx.count("answer caller-1"), 0);
    assert.deepEqual(rig.service.counts("callRefused"), [[reason]]);
    assert.match(log.all.findLast((line) => line.includes("call refused"))!, new RegExp(reason));
  }
});

Deno.test("without a fallback context a refused caller hears that all lines are busy", async () => {
  await using rig = new SwitchboardRig({ ARI_FALLBACK_CONTEXT: "" });
  rig.switchboard.close();
  rig.pbx.enters("caller-1");
  await soon(() => rig.pbx.count("hangUp caller-1 congestion"), "they are hung up on");
});

Deno.test("a refused caller who comes again once there is room is answered", async () => {
  await using rig = new SwitchboardRig();
  const { switchboard, pbx } = rig;
  switchboard.speechless(true);
  pbx.enters("caller-1");
  await soon(() => pbx.count("continueInDialplan caller-1"), "they are sent away");
  await turn();
  switchboard.speechless(false);
  rig.called("caller-1");
  await rig.service.isolates.talking(1);
});

Deno.test("a refused caller whom the PBX does not send away is an error line", async () => {
  using log = new LogLines();
  await using rig = new SwitchboardRig();
  rig.switchboard.close();
  rig.pbx.fails("continueInDialplan", "unexpected");
  rig.pbx.enters("caller-1");
  await soon(() => log.errors[0], "it is logged");
  assert.match(log.errors[0]!, /refused caller could not be sent away.*channel=caller-1/);
});

Deno.test("a caller who would wait in silence for an isolate hears at once that the line is busy", async () => {
  using log = new LogLines();
  await using rig = new SwitchboardRig({ OVERLOAD: "busy" });
  const { pbx, switchboard, service } = rig;
  void switchboard;
  service.isolates.startMs = 4000;
  for (const nth of [1, 2, 3]) pbx.enters(`caller-${nth}`);
  await soon(() => pbx.count("hangUp caller-3 busy"), "the third is sent away");
  assert.equal(pbx.count("answer caller-3"), 0);
  assert.match(log.all.find((line) => line.includes("call refused"))!, /CALL_POOL_SIZE/);
  for (const nth of [1, 2]) await service.isolates.talking(nth);
  await soon(() => switchboard.size === 2, "two are served");
  await turn();
  rig.called("caller-4");
});

Deno.test("one caller cannot take all the lines, and others are served beside them", async () => {
  using log = new LogLines();
  await using rig = new SwitchboardRig({ MAX_CALLS_PER_CALLER: 2, ARI_FALLBACK_CONTEXT: "" });
  const { pbx, switchboard } = rig;
  void switchboard;
  for (const nth of [1, 2, 3]) pbx.enters(`loop-${nth}`, "+79000000001");
  pbx.enters("other", "+79000000002");
  await soon(() => pbx.count("hangUp loop-3"), "the third call is refused");
  assert.equal(switchboard.size, 3);
  assert.deepEqual(rig.service.counts("callRefused"), [["same_caller"]]);
  pbx.hangsUp("loop-1");
  await soon(() => switchboard.size === 2, "the first call is over");
  await turn();
  pbx.enters("loop-4", "+79000000001");
  assert.equal(switchboard.size, 3);
  assert.match(log.all.find((line) => line.includes("call refused"))!, /MAX_CALLS_PER_CALLER/);
  assert.doesNotMatch(log.all.join(), /9000000001/);
});

Deno.test("callers who withhold their numbers are not one caller, and a limit of 0 is none", async () => {
  for (
    const [limit, number] of [[1, ""], [1, "anonymous"], [1, "Unavailable"], [
      0,
      "5550100",
    ]] as const
  ) {
    await using rig = new SwitchboardRig({ MAX_CALLS_PER_CALLER: limit });
    const { pbx, switchboard } = rig;
    void switchboard;
    for (const nth of [1, 2, 3]) pbx.enters(`caller-${nth}`, number);
    assert.equal(switchboard.size, 3, `${limit} ${number}`);
  }
});

Deno.test("calls adopted from an earlier run count as their caller's", async () => {
  await using rig = new SwitchboardRig({ MAX_CALLS_PER_CALLER: 1 });
  rig.leftBehind("old", "caller-1");
  rig.pbx.enters("caller-1", "+79000000001");
  await rig.reconcile();
  rig.pbx.enters("caller-2", "+79000000001");
  await soon(() => rig.pbx.count("continueInDialplan caller-2"), "the second call is refused");
});
