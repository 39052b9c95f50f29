// The promises that a call keeps over every transport of a PBX, simulated and real alike.

import assert from "node:assert/strict";
import { heardText } from "../../../actors/call_record.ts";
import type { Settings } from "../../../config/settings.ts";
import type { CallDetails } from "../../../console/calls.ts";
import {
  eventually,
  firstSoundAfter,
  type TestCaller,
  type TestPbx,
  untilSpokenTo,
} from "../../../testing/mod.ts";
import { type Pcm, SAMPLE_RATE_HZ, samplesIn } from "../../../media/frame.ts";
import { ServiceProcess } from "../../chaos/service_process.ts";
import { realTimeTest } from "../../real_time.ts";
import { say } from "../../runner/steps.ts";
import { table } from "./transports_table.ts";
import { spoken } from "../../../testing/voice.ts";
import { ask, asked, World } from "../world.ts";

/** A PBX and, by the transport's name, the settings that make calls travel over it. */
export interface PbxUnderTest {
  /** Its name in the table. */
  readonly name: string;
  readonly pbx: TestPbx;
  readonly transports: Readonly<Record<string, Partial<Settings>>>;
}

/** Registers the promises for each transport of each PBX and prints which were kept. */
export function callsOverEach(pbxs: readonly PbxUnderTest[]): void {
  const columns = pbxs.flatMap(({ name, pbx, transports }) =>
    Object.entries(transports).map(([transport, settings]) => ({
      pbx,
      settings,
      pbxName: name,
      transport,
      kept: new Map<string, boolean>(),
    }))
  );
  const stage = new Stage();
  Deno.test.afterAll(async () => {
    await stage.clear();
    await say(`${table([...PROMISES.map(([row]) => row), NOTICED, RESTART], columns)}\n`);
  });
  for (const { pbx, settings, pbxName, transport, kept } of columns) {
    const promise = (row: string, promised: string, keep: () => Promise<void>) =>
      realTimeTest(`${pbxName}, ${transport}: ${promised}`, async () => {
        kept.set(row, false);
        await keep();
        kept.set(row, true);
      });
    for (const [row, promised, play] of PROMISES) {
      promise(row, promised, async () => {
        await inWorld(await stage.set(pbx, settings), play);
      });
    }
    if (transport === "files") {
      promise(
        NOTICED,
        "a noise holds the bot before it is heard, and nothing is lost",
        async () => await inWorld(await stage.set(pbx, settings), noticed),
      );
    }
    // lifecycle_test.ts covers this on the simulator.
    if (pbx.kind !== "asterisk") continue;
    promise(RESTART, "a call outlives a kill -9 of the service", async () => {
      await stage.clear();
      await restarted(pbx, settings);
    });
  }
}

async function inWorld(world: World, play: (world: World) => Promise<void>): Promise<void> {
  try {
    await play(world);
    await world.nothingLeft();
  } finally {
    await world.hangUpAll();
  }
}

/** One service at a time, on the current PBX with the current settings. */
class Stage {
  #settings?: Partial<Settings>;
  #world: World | undefined;

  async set(pbx: TestPbx, settings: Partial<Settings>): Promise<World> {
    if (this.#world && this.#settings === settings) return this.#world;
    await this.clear();
    const world = await World.start(pbx, { FAULT_INJECTION: true, ...settings });
    this.#world = world;
    this.#settings = settings;
    await eventually(() => world.service.ready(), "the service takes calls");
    return world;
  }

  async clear(): Promise<void> {
    const world = this.#world;
    this.#world = undefined;
    await world?.[Symbol.asyncDispose]();
  }
}

type PlacedCall = Awaited<ReturnType<World["called"]>>;

const QUESTION = "What is the price of the machine?";
const LONG_ANSWER = "Tell me about the installation.";

/** A short name for the table, the promise, and its test. */
const PROMISES: readonly [string, string, (world: World) => Promise<void>][] = [
  ["greeting, answer, hang-up", "a caller is greeted, asks, is answered and hangs up", answered],
  ["barge-in", "a caller who talks over the bot silences it, and is answered", bargeIn],
  ["backchannel", "a backchannel does not stop the bot", backchannel],
  ["resume", "an answer cut by a crash is heard whole, and the call continues", resumed],
  ["keys", "a key that the caller presses is noted once", keys],
  [
    "hang-up everywhere",
    "a caller may hang up at any moment, and nothing of the call is left behind",
    gone,
  ],
];
/** Only where frames arrive late: there the PBX reports sound first (TALK_DETECT). */
const NOTICED = "onset by the PBX";
/** The last row of the table. Its service is a process of its own, because it is killed. */
const RESTART = "service restart";

async function answered(world: World): Promise<void> {
  const { caller, record } = await world.greeted();
  await ask(caller, QUESTION);
  await caller.hangUp();
  await eventually(() => record.endedAt, "the call has ended");
  const [turn] = asked(record);
  assert.match(turn!.caller!, /price/i);
  assert.match(heardText(turn!), /price depends/);
  assert.equal(record.endReason, "hangup");
  assert.deepEqual(record.restarts, []);
  const counted = /^voxbot_(frames_sent_total\{transport="\w+"\}|phrases_played_total) [1-9]/m;
  await eventually(async () => counted.test(await metricsOf(world)), "/metrics counts its line");
}

async function bargeIn(world: World): Promise<void> {
  const { caller, record } = await world.greeted();
  const { endedAt } = await caller.say(await spoken(LONG_ANSWER));
  const answer = await eventually(() => firstSoundAfter(caller.heard, endedAt), "the bot answers");
  await eventually(() => performance.now() > answer + 1000, "a second of it was heard");
  await ask(caller, QUESTION);
  await caller.hangUp();
  const [cut, next] = asked(record);
  assert.equal(cut!.interrupted, true);
  assert.ok(heardText(cut!).length < cut!.phrases.map(({ text }) => text).join(" ").length);
  // The recogniser is responsible for understanding; the call, for losing nothing of it.
  assert.match(next!.caller!, /^what\b.*machine/i);
  assert.notEqual(heardText(next!), "");
}

async function backchannel(world: World): Promise<void> {
  const { caller, record } = await world.greeted();
  const { endedAt } = await caller.say(await spoken(LONG_ANSWER));
  const answer = await eventually(() => firstSoundAfter(caller.heard, endedAt), "the bot answers");
  await eventually(() => performance.now() > answer + 800, "it speaks");
  await caller.say(await spoken("Okay."));
  await eventually(() => record.phase === "listening", "the bot has finished");
  await caller.hangUp();
  const [turn, ...others] = asked(record);
  const cut = turn!.interrupted ? "cut an answer" : "came after the answer";
  assert.deepEqual(others.map(({ caller }) => caller), [], `it ${cut}: ${heardText(turn!)}`);
  assert.equal(turn!.interrupted, false);
  assert.ok(turn!.phrases.every(({ heard }) => heard), "every phrase was heard to its end");
}

async function resumed(world: World): Promise<void> {
  const { caller, record } = await world.greeted();
  const question = ask(caller, QUESTION);
  await eventually(
    () => record.phase === "speaking" && asked(record).length > 0,
    "the bot answers",
  );
  assert.ok(await world.service.switchboard.injectFault(record.id, "throw"));
  await eventually(() => record.restarts.length > 0, "the isolate was replaced");
  await question;
  await eventually(() => record.phase === "listening", "the answer was heard to its end");
  await ask(caller, LONG_ANSWER);
  await caller.hangUp();
  const [first, second] = asked(record);
  assert.ok(first!.phrases.every(({ heard }) => heard));
  assert.match(heardText(first!), /price depends/);
  assert.match(heardText(second!), /engineer installs/);
}

async function keys(world: World): Promise<void> {
  const { caller, record } = await world.greeted();
  await caller.press("5");
  await eventually(() => record.keys === "x", "the key is in the call's record");
  await caller.hangUp();
  await eventually(() => record.endedAt, "the call has ended");
  assert.equal(record.keys, "x");
}

/** Four callers hang up: during the greeting, the thinking, the answer, and their interruption of it. */
async function gone(world: World): Promise<void> {
  const calls = await Promise.all([
    leave(world.called(), async ({ caller }) => {
      await eventually(() => firstSoundAfter(caller.heard, 0), "the greeting begins");
    }),
    leave(world.greeted(), async ({ caller }) => {
      await caller.say(await spoken(QUESTION));
    }),
    leave(world.greeted(), async ({ caller }) => {
      await untilAnswered(caller);
    }),
    leave(world.greeted(), async ({ caller, record }) => {
      await untilAnswered(caller);
      // The hang-up cuts it short.
      void caller.say(await spoken(QUESTION)).catch(() => undefined);
      await eventually(() => record.turns.some(({ interrupted }) => interrupted), "it yields");
    }),
  ]);
  for (const { record } of calls) {
    await eventually(() => record.endedAt, "the call has ended");
    assert.equal(record.endReason, "hangup");
    assert.deepEqual(record.restarts, []);
  }
}

async function leave(placed: Promise<PlacedCall>, when: (call: PlacedCall) => Promise<void>) {
  const call = await placed;
  await when(call);
  await call.caller.hangUp();
  return call;
}

async function untilAnswered(caller: TestCaller): Promise<void> {
  const { endedAt } = await caller.say(await spoken(LONG_ANSWER));
  await eventually(() => firstSoundAfter(caller.heard, endedAt), "the bot answers");
}

/** The voice detector does not take a tone for speech: only the PBX can have reported it. */
async function noticed(world: World): Promise<void> {
  const { caller, record } = await world.greeted();
  const { endedAt } = await caller.say(await spoken(LONG_ANSWER));
  const answer = await eventually(() => firstSoundAfter(caller.heard, endedAt), "the bot answers");
  await eventually(() => performance.now() > answer + 1000, "a second of it was heard");
  const before = await timesHeld(world);
  const { endedAt: made } = await caller.say(tone(100));
  await eventually(
    async () => await timesHeld(world) > before,
    "the bot was paused, and continues",
  );
  await untilSpokenTo(caller.heard, made, { quietMs: 1500 });
  await caller.hangUp();
  const [turn, ...others] = asked(record);
  assert.deepEqual(others, []);
  assert.equal(turn!.interrupted, false);
  assert.ok(turn!.phrases.every(({ heard }) => heard), "every phrase was heard to its end");
}

/** How often playout was paused for something that was not an interruption. */
async function timesHeld(world: World): Promise<number> {
  const resumed = /^voxbot_barge_ins?_total\{outcome="resumed"\} (\d+)$/m;
  return Number(resumed.exec(await metricsOf(world))?.[1] ?? 0);
}

async function metricsOf(world: World): Promise<string> {
  return await (await fetch(`${world.service.consoleUrl}/metrics`)).text();
}

function tone(ms: number): Pcm {
  const step = 2 * Math.PI * 440 / SAMPLE_RATE_HZ;
  return Int16Array.from({ length: samplesIn(ms) }, (_, i) => 8000 * Math.sin(i * step));
}

async function restarted(pbx: TestPbx, settings: Partial<Settings>): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "voxbot-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const env = Object.entries(settings).map(([name, value]) => [name, String(value)]);
  const service = stack.use(
    new ServiceProcess(folder, { ...pbx.env, ...Object.fromEntries(env) }),
  );
  await service.start();
  await service.ready();
  const caller = stack.use(await pbx.call());
  await untilSpokenTo(caller.heard, 0);
  const { endedAt } = await caller.say(await spoken(QUESTION));
  const answer = await eventually(() => firstSoundAfter(caller.heard, endedAt), "the bot answers");
  await eventually(() => performance.now() > answer + 500, "some of it was heard");
  const id = (await service.calls())[0]!.id;
  await service.kill();
  await service.start();
  let seen: CallDetails | undefined;
  await eventually(async () => {
    seen = await service.call(id).catch(() => undefined);
    return seen?.phase === "listening" && seen.turns[1]?.phrases.every(({ heard }) => heard);
  }, () => `the answer was heard to its end, but the call is ${JSON.stringify(seen)}`);
  await ask(caller, QUESTION);
  await caller.hangUp();
  const call = await eventually(async () => {
    const details = await service.call(id);
    return details.endedAt !== undefined && details;
  }, "the call has ended");
  assert.deepEqual(call.restarts.map(({ reason }) => reason), ["shutdown"]);
  assert.deepEqual(call.turns.map(({ turn }) => turn), [0, 1, 2], "no second greeting");
  assert.match(call.turns[1]!.bot, /price depends/);
  assert.match(call.turns[2]!.bot, /price depends/, `it understood "${call.turns[2]!.caller}"`);
  await eventually(async () => {
    return Object.values(await pbx.leftovers()).flat().length === 0;
  }, "nothing is left on the PBX");
}
