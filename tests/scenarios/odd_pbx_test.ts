// PBXs that are not as one would set them up: with a tight session limit in a flood of calls, and
// with a name that makes its channels look like ours.

import assert from "node:assert/strict";
import { heardText } from "../../actors/call_record.ts";
import { eventually, startSimulator } from "../../testing/mod.ts";
import { realTimeTest } from "../real_time.ts";
import { ask, asked, World } from "./world.ts";

/** `sessionlimit` of http.conf where nothing is set. */
const SESSION_LIMIT = 100;
const FLOOD = 200;

realTimeTest(
  "200 callers too many are all sent to the operators, and the call beside them gets new media and converses",
  async () => {
    await using pbx = await startSimulator();
    await using world = await World.start(pbx, {
      MAX_CALLS: 1,
      OVERLOAD: "fallback",
      FAULT_INJECTION: true,
      ARI_FALLBACK_CONTEXT: "voxbot-fallback",
    });
    await pbx.limitSessions(SESSION_LIMIT);
    const { caller, record } = await world.greeted();
    const calling = Array.from({ length: FLOOD }, () => pbx.call());
    // Its next isolate needs a media socket and commands of its own, in the midst of the flood.
    assert.ok(await world.service.switchboard.injectFault(record.id, "throw"));
    const flood = await Promise.all(calling);
    await eventually(
      async () =>
        (await pbx.channels()).filter(({ context }) => context === "voxbot-fallback").length ===
          FLOOD,
      "all are with the operators",
    );
    assert.ok(await pbx.mostSessions() < SESSION_LIMIT);
    await eventually(() => record.restarts.length > 0, "the call has its next isolate");
    await Promise.all(flood.map((one) => one.hangUp()));
    await ask(caller, "What is the price of the machine?");
    await caller.hangUp();
    // What is understood on a machine that carries 200 callers' audio is no promise.
    assert.notEqual(heardText(asked(record)[0]!), "");
    assert.equal(record.restarts.length, 1);
    await world.nothingLeft();
  },
);

realTimeTest(
  "on a PBX named voxbot callers are greeted, and stay when the service asks it what it has",
  async () => {
    await using pbx = await startSimulator({ systemName: "voxbot" });
    await using world = await World.start(pbx);
    const { caller, record } = await world.greeted();
    assert.match(record.channelId, /^voxbot-\d+\.\d+$/);
    // The service reconciles with what the PBX has.
    await pbx.cutEvents();
    await eventually(() => !world.service.ready(), "the connection is lost");
    await eventually(() => world.service.ready(), "the connection is back");
    await ask(caller, "What is the price of the machine?");
    assert.equal(record.endedAt, undefined);
    await caller.hangUp();
    await world.nothingLeft();
  },
);
