import assert from "node:assert/strict";
import { LogLines } from "../../../testing/log_lines.ts";
import { soon, turn } from "../calls/call_rig.ts";
import { reasonToRefuse } from "./refusal.ts";
import { SwitchboardRig } from "./switchboard_rig.ts";

const CAPACITY = {
  draining: false,
  liveCalls: 0,
  maxCalls: 1,
  speechless: false,
  route: { problem: undefined, unknown: false },
} as const;

Deno.test("a call is refused for the reason that an operator can act on first", () => {
  const noMedia = { problem: "no module", unknown: false };
  assert.equal(reasonToRefuse(CAPACITY), undefined);
  assert.equal(reasonToRefuse({ ...CAPACITY, route: noMedia }), "no_media");
  const speechless = { ...CAPACITY, route: noMedia, speechless: true };
  assert.equal(reasonToRefuse(speechless), "speechless");
  assert.equal(reasonToRefuse({ ...speechless, liveCalls: 1 }), "full");
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
    ["full", (rig) => void rig.called("caller-0")],
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
