// What becomes of the calls of a service that is killed, replaced, drained or unable to speak.

import assert from "node:assert/strict";
import { join } from "node:path";
import { pause } from "../../runtime/waiting.ts";
import { heardText } from "../../actors/call_record.ts";
import { eventually, firstSoundAfter, startSimulator, untilSpokenTo } from "../../testing/mod.ts";
import type { CallDetails } from "../../console/calls.ts";
import { ServiceProcess } from "../chaos/service_process.ts";
import { SmallDisk } from "../chaos/small_disk.ts";
import { realTimeTest } from "../real_time.ts";
import { spoken } from "../../testing/voice.ts";
import { ask, asked, World } from "./world.ts";

const pbx = await startSimulator();
Deno.test.afterAll(async () => await pbx[Symbol.asyncDispose]());

const QUESTION = "What is the price of the machine?";
const FALLBACK = "voxbot-fallback";

/** A service in a process of its own, with everything that is discarded with it. */
async function processOn(env: Record<string, string> = {}) {
  const stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "voxbot-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const service = stack.use(new ServiceProcess(folder, { ...pbx.env, ...env }));
  await service.start();
  await service.ready();
  return { service, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

async function liveCall(service: ServiceProcess): Promise<CallDetails> {
  const { id } = await eventually(
    async () => (await service.calls()).find(({ endedAt }) => endedAt === undefined),
    "the service knows the call",
  );
  return await service.call(id);
}

async function contextOf(channelId: string): Promise<string | undefined> {
  return (await pbx.channels()).find(({ id }) => id === channelId)?.context;
}

realTimeTest(
  "kill -9 during an answer: the next service speaks the interrupted sentence whole",
  async () => {
    await using host = await processOn();
    const { service } = host;
    await using caller = await pbx.call();
    await untilSpokenTo(caller.heard, 0);
    const { endedAt } = await caller.say(await spoken(QUESTION));
    const began = await eventually(() => firstSoundAfter(caller.heard, endedAt), "it answers");
    await eventually(() => performance.now() > began + 500, "some of it was heard");
    const before = await liveCall(service);
    await service.kill();
    await service.start();
    const back = performance.now();
    await untilSpokenTo(caller.heard, back);
    const after = await service.call(before.id);
    assert.deepEqual(after.restarts.map(({ reason }) => reason), ["shutdown"]);
    assert.deepEqual(after.turns.map(({ turn }) => turn), [0, 1]);
    assert.equal(after.turns[1]!.caller, before.turns[1]!.caller);
    assert.ok(after.turns[1]!.phrases.every(({ heard }) => heard));
    assert.match(after.turns[1]!.bot, /price depends/);
    await ask(caller, "Tell me about the installation.");
    await caller.hangUp();
    await eventually(async () => (await service.call(before.id)).endedAt, "the call has ended");
    assert.equal((await service.call(before.id)).turns.length, 3);
    await eventually(
      async () => (await pbx.leftovers()).bridges.length === 0,
      "its bridge is taken away",
    );
  },
);

realTimeTest(
  "a call whose caller hung up while the service was down is closed as lost",
  async () => {
    await using host = await processOn();
    const { service } = host;
    await using caller = await pbx.call();
    await untilSpokenTo(caller.heard, 0);
    const { id } = await liveCall(service);
    await service.kill();
    await caller.hangUp();
    await service.start();
    const { endReason } = await eventually(async () => {
      const call = await service.call(id).catch(() => undefined);
      return call?.endReason ? call : undefined;
    }, "the call is known to be over");
    assert.equal(endReason, "lost");
    await eventually(
      async () => (await pbx.leftovers()).bridges.length === 0,
      "its bridge is taken away",
    );
  },
);

realTimeTest("until the PBX is back, an earlier call is shown as it was left", async () => {
  await using host = await processOn();
  const { service } = host;
  await using caller = await pbx.call();
  await untilSpokenTo(caller.heard, 0);
  await ask(caller, QUESTION);
  const before = await liveCall(service);
  await service.kill();
  await pbx.delayReplies(2000);
  try {
    await service.start();
    const { restarts, turns } = await service.call(before.id);
    assert.deepEqual(restarts, []);
    assert.deepEqual(turns, before.turns);
    assert.deepEqual((await service.calls()).map(({ id }) => id), [before.id]);
  } finally {
    await pbx.delayReplies(0);
  }
  await eventually(
    async () => (await service.call(before.id)).restarts.length === 1,
    "it is adopted",
  );
  await caller.hangUp();
  await eventually(async () => (await service.call(before.id)).endedAt, "the call has ended");
  assert.equal((await service.calls()).length, 1);
});

realTimeTest("a disk that is full at the start costs the journal and no call", async (t) => {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "voxbot-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const disk = await SmallDisk.mount(folder);
  if (!disk) return void await t.step({ name: "takes root, for a tmpfs", ignore: true, fn() {} });
  stack.use(disk);
  await disk.fill();
  await using host = await processOn({ DATA_DIR: folder });
  const { service } = host;
  const ready = await fetch(`${service.url}/ready`);
  assert.equal(ready.status, 200);
  assert.match((await ready.json()).reason, /journal .* could not be opened: .* DATA_DIR/);
  assert.ok(await service.metric("journal_errors_total") > 0);
  await using caller = await pbx.call();
  await untilSpokenTo(caller.heard, 0);
  await ask(caller, QUESTION);
  assert.match((await liveCall(service)).turns[1]!.bot, /price depends/);
  await caller.hangUp();
  const log = await Deno.readTextFile(join(service.dataDir, "service.log"));
  assert.equal(log.match(/ERROR +journal: .*DATA_DIR/g)?.length, 1);
});

realTimeTest(
  "SIGTERM: new calls go to the operator, and the running call finishes undisturbed",
  async () => {
    await using host = await processOn({ DRAIN_TIMEOUT_SECONDS: "60" });
    const { service } = host;
    await using caller = await pbx.call();
    await untilSpokenTo(caller.heard, 0);
    service.signal("SIGTERM");
    await eventually(
      async () => (await fetch(`${service.url}/ready`)).status === 503,
      "it is not ready for calls any more",
    );
    await using late = await pbx.call();
    await eventually(async () => await contextOf(late.channelId) === FALLBACK, "the late caller");
    await late.hangUp();
    const { endedAt } = await caller.say(await spoken(QUESTION));
    await untilSpokenTo(caller.heard, endedAt);
    assert.match((await liveCall(service)).turns[1]!.bot, /price depends/);
    await caller.hangUp();
    assert.equal(await service.ended(15_000), 0);
  },
);

realTimeTest("SIGTERM: a call that outlasts the drain is handed over with last words", async () => {
  await using host = await processOn({ DRAIN_TIMEOUT_SECONDS: "1" });
  const { service } = host;
  await using caller = await pbx.call();
  await untilSpokenTo(caller.heard, 0);
  const asked = performance.now();
  service.signal("SIGTERM");
  assert.equal(await service.ended(25_000), 0);
  assert.ok(firstSoundAfter(caller.heard, asked), "the caller was told");
  assert.equal(await contextOf(caller.channelId), FALLBACK);
  await caller.hangUp();
});

realTimeTest(
  "a second SIGTERM ends the service immediately, and the next service adopts the call",
  async () => {
    await using host = await processOn({ DRAIN_TIMEOUT_SECONDS: "3600" });
    const { service } = host;
    await using caller = await pbx.call();
    await untilSpokenTo(caller.heard, 0);
    const { id } = await liveCall(service);
    service.signal("SIGTERM");
    await eventually(
      async () => (await fetch(`${service.url}/ready`)).status === 503,
      "the first is taken",
    );
    // Sooner, it would count as the echo of the first: see cli/stop_signals.ts.
    await pause(200);
    service.signal("SIGTERM");
    assert.equal(await service.ended(15_000), 0);
    await service.start();
    await eventually(
      async () => (await service.calls()).find((call) => call.id === id)?.restarts === 1,
      "it is adopted",
    );
    await ask(caller, QUESTION);
    await caller.hangUp();
    await eventually(async () => (await service.call(id)).endedAt, "the call has ended");
  },
);

realTimeTest(
  "a service whose application is taken over stands down and harms no call",
  async () => {
    await using first = await World.start(pbx);
    const { caller, record } = await first.greeted();
    await using _line = caller;
    await using second = await World.start(pbx);
    await eventually(
      () => !first.service.ready() && first.service.switchboard.size === 0,
      "it stops",
    );
    assert.equal(record.endReason, undefined);
    const taken = await eventually(
      () => second.service.switchboard.list().find(({ endedAt }) => endedAt === undefined),
      "the other has the call",
    );
    await ask(caller, QUESTION);
    await eventually(() => asked(taken).length > 0, "the other answers");

    // Both lose their connection; only the service that now owns the calls reconnects.
    await pbx.cutEvents();
    await eventually(() => !second.service.ready(), "the other notices the loss");
    await eventually(() => second.service.ready(), "the other is back");
    const metrics = await (await fetch(`${first.service.consoleUrl}/metrics`)).text();
    assert.match(metrics, /^voxbot_ari_connects_total 1$/m);
    const ready = await fetch(`${first.service.consoleUrl}/ready`);
    assert.equal(ready.status, 503);
    assert.match((await ready.json()).reason, /another client .* start this service again/);
    await ask(caller, "Tell me about the installation.");
    await eventually(() => asked(taken).length > 1, "the other still answers");
    assert.equal(first.service.switchboard.size, 0);
    await caller.hangUp();
    await second.nothingLeft();
  },
);

realTimeTest(
  "without any voice, a caller reaches the operator instead of silence",
  async () => {
    await using world = await World.start(pbx, {
      ARI_FALLBACK_CONTEXT: FALLBACK,
      LOCAL_TTS_VOICE: "no-such-voice",
    });
    await using caller = await pbx.call();
    await eventually(async () => await contextOf(caller.channelId) === FALLBACK, "the operator");
    assert.equal(world.service.switchboard.size, 0);
    await caller.hangUp();
  },
);

realTimeTest(
  "when the engine keeps dying, callers hear so and reach the operator",
  async () => {
    await using world = await World.start(pbx, { ARI_FALLBACK_CONTEXT: FALLBACK });
    const { caller, record } = await world.greeted();
    await using _line = caller;
    const since = performance.now();
    const breaking = setInterval(() => world.service.injectEngineFault("throw"), 50);
    try {
      await eventually(() => record.endedAt, "the call is handed over", 120_000);
    } finally {
      clearInterval(breaking);
    }
    assert.equal(record.endReason, "handover");
    assert.match(heardText(record.turns.at(-1)!), /connecting you to an operator/);
    assert.ok(firstSoundAfter(caller.heard, since));
    const contexts = (await pbx.channels()).map(({ context }) => context);
    assert.ok(contexts.includes(FALLBACK), `the channels are in ${contexts}`);
    await caller.hangUp();
  },
);
