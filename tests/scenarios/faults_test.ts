// What a PBX, a network and a bug can do to a call, on the simulated PBX.

import assert from "node:assert/strict";
import { heardText } from "../../actors/call_record.ts";
import { eventually, firstSoundAfter, startSimulator, untilSpokenTo } from "../../testing/mod.ts";
import { realTimeTest } from "../real_time.ts";
import { ask, asked, World } from "./world.ts";

const pbx = await startSimulator();
let world: World;
Deno.test.beforeAll(async () => {
  world = await World.start(pbx, {
    FAULT_INJECTION: true,
    ARI_FALLBACK_CONTEXT: "voxbot-fallback",
  });
});
Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await pbx[Symbol.asyncDispose]();
});

const QUESTION = "What is the price of the machine?";

function scenario(name: string, run: () => Promise<void>): void {
  realTimeTest(name, () => run().finally(() => world.hangUpAll()));
}

scenario(
  "malformed events, unknown events and events of strange channels end no call",
  async () => {
    const { caller, record } = await world.greeted();
    const channel = { id: "stranger", name: "PJSIP/x-1", state: "Up" };
    for (
      const text of [
        "not json {",
        '"a text"',
        "{}",
        '{"type":"NoSuchEvent","application":"voxbot"}',
        JSON.stringify({ type: "StasisStart", application: "voxbot" }),
        JSON.stringify({ type: "StasisEnd", application: "voxbot", timestamp: "now", channel }),
      ]
    ) await pbx.sendRawEvent(text);
    await ask(caller, QUESTION);
    await caller.hangUp();
    assert.match(heardText(asked(record)[0]!), /price depends/);
    await world.nothingLeft();
  },
);

scenario("a caller whose first isolate gets no media is greeted by another one", async () => {
  await pbx.refuseMedia(1);
  const { caller, record } = await world.greeted();
  await caller.hangUp();
  await eventually(() => record.endedAt, "the call has ended");
  assert.equal(record.endReason, "hangup");
  await world.nothingLeft();
});

scenario(
  "a caller stays on the line when the PBX cannot find a new isolate's media",
  async () => {
    const { caller, record } = await world.greeted();
    // The hang-up of the old media and the creation of the new.
    await pbx.failCommands(2, 404);
    assert.ok(await world.service.switchboard.injectFault(record.id, "throw"));
    await eventually(
      () => record.restarts.length > 0 || record.endedAt,
      "another isolate has the call",
    );
    await ask(caller, QUESTION);
    await caller.hangUp();
    assert.match(heardText(asked(record)[0]!), /price depends/);
    await world.nothingLeft();
  },
);

scenario("a channel that is announced twice is one call", async () => {
  const { caller, record } = await world.called();
  await pbx.repeatStasisStart();
  await untilSpokenTo(caller.heard, 0);
  assert.equal(world.service.switchboard.size, 1);
  await caller.hangUp();
  await eventually(() => record.endedAt, "the call has ended");
  await world.nothingLeft();
});

scenario(
  "a media connection that breaks in mid-sentence is replaced, and the sentence is heard whole",
  async () => {
    const { caller, record } = await world.called();
    const first = await eventually(() => firstSoundAfter(caller.heard, 0), "the greeting begins");
    await eventually(() => performance.now() > first + 600, "some of it was heard");
    await pbx.cutMedia();
    await eventually(() => record.restarts.length > 0, "the isolate was replaced");
    await eventually(() => record.phase === "listening", "the greeting was heard to its end");
    assert.equal(record.restarts[0]!.reason, "crash");
    assert.equal(record.turns.length, 1);
    assert.equal(record.turns[0]!.phrases[0]!.heard, true);
    await ask(caller, QUESTION);
    await caller.hangUp();
    await world.nothingLeft();
  },
);

for (
  const [fault, reason] of [["throw", "crash"], ["exit", "exit"], ["oom", "out_of_memory"], [
    "hang",
    "hang",
  ]] as const
) {
  scenario(`${fault}: an interrupted answer is heard whole, and the call continues`, async () => {
    const { caller, record } = await world.greeted();
    const question = ask(caller, QUESTION);
    await eventually(
      () => record.phase === "speaking" && asked(record).length > 0,
      "the bot answers",
    );
    assert.ok(await world.service.switchboard.injectFault(record.id, fault));
    await eventually(() => record.restarts.length > 0, "the isolate was replaced");
    await question.catch(() => undefined);
    await eventually(() => record.phase === "listening", "the answer was heard to its end");
    await ask(caller, "Tell me about the installation.");
    await caller.hangUp();
    assert.equal(record.restarts[0]!.reason, reason);
    const [first, second] = asked(record);
    assert.ok(first!.phrases.every(({ heard }) => heard));
    assert.match(heardText(first!), /price depends/);
    assert.match(heardText(second!), /engineer installs/);
    await world.nothingLeft();
  });
}

scenario(
  "a caller whose isolates keep crashing hears an apology and reaches the operator",
  async () => {
    const { caller, record } = await world.called();
    const crashing = setInterval(
      () => world.service.switchboard.injectFault(record.id, "throw"),
      50,
    );
    try {
      await eventually(() => record.endedAt, "the call was given up");
    } finally {
      clearInterval(crashing);
    }
    assert.equal(record.endReason, "handover");
    assert.deepEqual((await pbx.channels()).map(({ context }) => context), ["voxbot-fallback"]);
    await caller.hangUp();
    await world.nothingLeft();
  },
);

scenario(
  "calls continue while ARI is down, and those that ended meanwhile are closed once it is back",
  async () => {
    const [stays, leaves] = [await world.greeted(), await world.greeted()];
    await pbx.cutEvents();
    await leaves.caller.hangUp();
    await ask(stays.caller, QUESTION);
    assert.match(heardText(asked(stays.record)[0]!), /price depends/);
    await eventually(() => leaves.record.endedAt, "the other call is known to be over");
    await stays.caller.hangUp();
    await world.nothingLeft();
  },
);

scenario("commands that fail once or twice are retried", async () => {
  await pbx.failCommands(2);
  const { caller } = await world.greeted();
  await caller.hangUp();
  await world.nothingLeft();
});

scenario("a slow PBX loses no call", async () => {
  await pbx.delayReplies(400);
  try {
    const { caller } = await world.greeted();
    await caller.hangUp();
    await world.nothingLeft();
  } finally {
    await pbx.delayReplies(0);
  }
});

scenario("a question survives the death of the speech engine", async () => {
  const { caller, record } = await world.greeted();
  const question = ask(caller, QUESTION);
  await eventually(
    () => world.service.injectEngineFault("throw"),
    "the engine is there to be broken",
  );
  await question;
  await caller.hangUp();
  assert.match(heardText(asked(record)[0]!), /price depends/);
  assert.deepEqual(record.restarts, []);
  await world.nothingLeft();
});

scenario(
  "after a restart of the PBX its calls are closed and the next caller is served",
  async () => {
    const { record } = await world.greeted();
    await pbx.restart();
    await eventually(() => record.endedAt, "the lost call is closed");
    await eventually(() => world.service.ready(), "the PBX is connected again");
    const { caller } = await world.greeted();
    await caller.hangUp();
    await world.nothingLeft();
  },
);
